import type { CpgAddress, CpgChange } from '../codec/cpg/address.ts';
import type { CsError } from '../errors/index.ts';
import type { CpgEvent } from './cpg-events.ts';

/** This process has become a member, for the first time. What follows is complete. */
export interface CpgJoinedEvent {
  readonly kind: 'joined';
  /** All who are in the group now, we too. */
  readonly members: readonly CpgAddress[];
  /** Those that came together with us, we too. */
  readonly joined: readonly CpgChange[];
}

/** The connection to corosync is lost: until `'rejoined'` the group goes on without us, and nothing of it is told. */
export interface CpgLostEvent {
  readonly kind: 'lost';
  /** Why it was lost. */
  readonly error: CsError;
}

/**
 * This process is a member again. What the group was told meanwhile is not known: how many messages, and who came and went. It is for the members
 * to tell each other what they have missed.
 */
export interface CpgRejoinedEvent {
  readonly kind: 'rejoined';
  /** All who are in the group now, we too. */
  readonly members: readonly CpgAddress[];
  /** Those that came together with us, we too. */
  readonly joined: readonly CpgChange[];
  /** What is known of the time between. */
  readonly gap: CpgGap;
}

/**
 * What is known of the time in which we were no member. A corosync that has just started is alone: then all on other nodes are in `gone`, and are told as come,
 * `'node-up'`, about a second later.
 */
export interface CpgGap {
  /** Milliseconds from the loss to the rejoining. */
  readonly ms: number;
  /** Those who were members when the connection was lost, and are not now. */
  readonly gone: readonly CpgAddress[];
  /** Those who are members now, and were not then. */
  readonly come: readonly CpgAddress[];
}

/** What a group tells that outlives corosync. */
export type CpgGroupEvent = CpgEvent | CpgJoinedEvent | CpgLostEvent | CpgRejoinedEvent;
