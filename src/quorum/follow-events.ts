import type { ConnectionError } from '../errors/index.ts';
import type { QuorumRingId, QuorumTrackEvent } from './quorum-events.ts';

/** Membership and quorum, as far as they are known. */
export interface QuorumState {
  /** Whether this node belongs to a quorate cluster. While a membership is being formed it is the old one's. */
  readonly quorate: boolean;
  /** Node ids of the members. */
  readonly members: readonly number[];
  /** Names the membership. */
  readonly ringId: QuorumRingId;
}

/** What holds at the start. Once for each follower, before anything else. */
export interface QuorumFollowSnapshot {
  readonly kind: 'snapshot';
  /** What holds. */
  readonly state: QuorumState;
}

/** One change, after the snapshot, and the state just after it. */
export interface QuorumFollowChange {
  readonly kind: 'change';
  /** The event as corosync told it. */
  readonly event: Exclude<QuorumTrackEvent, { kind: 'overflow' }>;
  /** What holds just after it. */
  readonly state: QuorumState;
}

/** The connection is gone: from here to `resynced` nothing is heard, and what was told may have aged. */
export interface QuorumFollowLost {
  readonly kind: 'lost';
  /** Why it was lost. */
  readonly error: ConnectionError;
}

/** Connected again: this holds now, whatever has changed meanwhile. */
export interface QuorumFollowResynced {
  readonly kind: 'resynced';
  /** What holds now. */
  readonly state: QuorumState;
  /** Whether it differs from what was told last. */
  readonly changed: boolean;
}

/** The reader lagged: `dropped` events are not told one by one. This holds now; or, if corosync is gone, it is what held, and `lost` follows. */
export interface QuorumFollowOverflow {
  readonly kind: 'overflow';
  /** How many events are not told. */
  readonly dropped: number;
  /** `undefined`: nothing is known yet. */
  readonly state: QuorumState | undefined;
}

/** What a follower tells. */
export type QuorumFollowEvent =
  QuorumFollowSnapshot | QuorumFollowChange | QuorumFollowLost | QuorumFollowResynced | QuorumFollowOverflow;

/**
 * Membership and quorum, followed across restarts of corosync: `for await` gives one reader a snapshot, then every later change, in order; gaps are told.
 * Leaving the loop closes the follower.
 */
export interface QuorumFollower extends AsyncIterable<QuorumFollowEvent>, AsyncDisposable {
  /** What is known, whatever the reader has been told of it. While the connection is lost it stays as it was; `undefined` before the first. */
  readonly current: QuorumState | undefined;
  /** Ends it, here and at corosync. What has not been read is dropped. Idempotent; never fails. */
  close(): Promise<void>;
}
