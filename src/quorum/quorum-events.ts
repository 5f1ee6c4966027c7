import type { RingId } from '../codec/ring-id.ts';
import type { ServiceTracker } from '../service/index.ts';

/**
 * The ring id of a membership. corosync before 3.1.0, and in its first event any corosync without a provider of quorum, does not tell the node in it.
 */
export interface QuorumRingId extends Omit<RingId, 'nodeId'> {
  /** The node that represents the membership; `undefined` where corosync does not tell it. */
  readonly nodeId: number | undefined;
}

/**
 * The membership has changed, and quorum is still being found out: what is known of it is the old one's. corosync before 3.1.0 does not tell this.
 */
export interface QuorumNodelistEvent {
  readonly kind: 'nodelist';
  /** Names the new membership. */
  readonly ringId: QuorumRingId;
  /** Node ids of the members. */
  readonly members: readonly number[];
  /** Those that are new. A node that restarted faster than it was missed has both joined and left. */
  readonly joined: readonly number[];
  /** Those that have gone. */
  readonly left: readonly number[];
  /** Whether it tells what holds, and not what has changed. */
  readonly snapshot: boolean;
}

/** Whether the cluster is quorate. It comes after each change of membership, and alone when votes have changed it; the ring is then the one before. */
export interface QuorumQuorumEvent {
  readonly kind: 'quorum';
  /** Whether this node belongs to a quorate cluster. */
  readonly quorate: boolean;
  /** Names the membership. */
  readonly ringId: QuorumRingId;
  /** Node ids of the members. */
  readonly members: readonly number[];
  /** Whether it tells what holds, and not what has changed. */
  readonly snapshot: boolean;
}

/** The reader lagged: `dropped` events are not told one by one, and what holds now follows as a snapshot. */
export interface QuorumOverflow {
  readonly kind: 'overflow';
  /** How many events are not told. */
  readonly dropped: number;
}

/** What a tracker tells. */
export type QuorumTrackEvent = QuorumNodelistEvent | QuorumQuorumEvent | QuorumOverflow;

/** Tells of membership and quorum. */
export type QuorumTracker = ServiceTracker<QuorumTrackEvent>;
