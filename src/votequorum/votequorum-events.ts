import type { VotequorumNode } from '../codec/votequorum/quorum-notification.ts';
import type { RingId } from '../codec/ring-id.ts';
import type { ServiceTracker } from '../service/index.ts';

/** The membership has changed, and quorum is still being found out. A quorum device is to be polled now, with this ring id. */
export interface VotequorumNodelistEvent {
  readonly kind: 'nodelist';
  /** Names the new membership. */
  readonly ringId: RingId;
  /** Node ids of the members. */
  readonly members: readonly number[];
  /** Whether it tells what holds, and not what has changed. */
  readonly snapshot: boolean;
}

/** Quorum, and all nodes that corosync has seen since it started. It comes after each change of membership, and when votes have changed quorum. */
export interface VotequorumQuorumEvent {
  readonly kind: 'quorum';
  /** Whether this node belongs to a quorate cluster. */
  readonly quorate: boolean;
  /** Dead ones too. Node 0 is the quorum device, if one is registered on this node. */
  readonly nodes: readonly VotequorumNode[];
  /** Whether it tells what holds, and not what has changed. */
  readonly snapshot: boolean;
}

/** Somebody has set the expected votes, perhaps to what they were. corosync tells this of few of their changes: read `getInfo` again. */
export interface VotequorumExpectedVotesEvent {
  readonly kind: 'expected-votes';
  /** What is expected now. */
  readonly expectedVotes: number;
}

/** The quorum device of a node has said something of itself. Newer corosyncs only. */
export interface VotequorumExtraInfoEvent {
  readonly kind: 'extra-info';
  /** The node whose device it is. */
  readonly nodeId: number;
  /** Whatever the device likes; empty if it has nothing to say any more. */
  readonly info: Uint8Array;
}

/** The reader lagged: `dropped` events are not told one by one, and what holds now follows as a snapshot. */
export interface VotequorumOverflow {
  readonly kind: 'overflow';
  /** How many events are not told. */
  readonly dropped: number;
}

/** What a tracker tells. */
export type VotequorumTrackEvent =
  | VotequorumNodelistEvent
  | VotequorumQuorumEvent
  | VotequorumExpectedVotesEvent
  | VotequorumExtraInfoEvent
  | VotequorumOverflow;

/** Tells of nodes and quorum. */
export type VotequorumTracker = ServiceTracker<VotequorumTrackEvent>;
