import type { CpgAddress, CpgChange } from '../codec/cpg/address.ts';
import type { RingId } from '../codec/ring-id.ts';

/** A message to the group, our own ones too. */
export interface CpgMessageEvent {
  readonly kind: 'message';
  /** Who has sent it. */
  readonly from: CpgAddress;
  /** Bytes of its own; the ArrayBuffer behind them may hold more. */
  readonly message: Uint8Array;
}

/** The group's members have changed. All members hear of it at the same place among the messages. */
export interface CpgMembershipEvent {
  readonly kind: 'membership';
  /** All who are in the group now. */
  readonly members: readonly CpgAddress[];
  /** Those that are new, and why: `'join'`, or `'node-up'` where two parts of the cluster have come together. */
  readonly joined: readonly CpgChange[];
  /** Those that have gone, and why: `'leave'`, `'process-down'`, or `'node-down'` where a node, or our way to it, was lost. */
  readonly left: readonly CpgChange[];
}

/** The nodes of the cluster have changed, whether the group has members on them or not. It comes after the changes of members. */
export interface CpgRingEvent {
  readonly kind: 'ring';
  /** Names the new membership of nodes. */
  readonly ring: RingId;
  /** Node ids. */
  readonly members: readonly number[];
}

/** What a group tells, in one order. */
export type CpgEvent = CpgMessageEvent | CpgMembershipEvent | CpgRingEvent;
