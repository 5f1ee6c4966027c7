import type { VotequorumInfo } from '../codec/votequorum/get-info.ts';
import type { RingId } from '../codec/ring-id.ts';
import type { ConnectionError } from '../errors/index.ts';
import type { VotequorumTrackEvent } from './votequorum-events.ts';

/** Votes and membership, as this node sees them. */
export interface VotequorumState {
  /** Whether this node belongs to a quorate cluster. While a membership is being formed it is the old one's. */
  readonly quorate: boolean;
  /** Names the membership. */
  readonly ringId: RingId;
  /** Node ids of the members. */
  readonly members: readonly number[];
  /** What `getInfo` says of this node, and of the cluster. */
  readonly local: VotequorumInfo;
  /** What `getInfo` says of each node that corosync has seen since it started, by their ids; those that are gone, too. */
  readonly nodes: readonly VotequorumInfo[];
}

/** What holds at the start. Once for each follower, before anything else. */
export interface VotequorumFollowSnapshot {
  readonly kind: 'snapshot';
  /** What holds. */
  readonly state: VotequorumState;
}

/** corosync has told an event. What it does not tell, the votes, is read next, and may follow as `found`. */
export interface VotequorumFollowChange {
  readonly kind: 'change';
  /** The event as corosync told it. */
  readonly event: Exclude<VotequorumTrackEvent, { kind: 'overflow' }>;
  /** What is known just after it. */
  readonly state: VotequorumState;
}

/** Reading has found a change: votes, and whether a quorum device is alive and votes, change without any event. */
export interface VotequorumFollowFound {
  readonly kind: 'found';
  /** Whether it was read because of an event, or because the time had come. */
  readonly after: 'event' | 'interval';
  /** What holds. */
  readonly state: VotequorumState;
}

/** The connection is gone: from here to `resynced` nothing is heard, and what was told may have aged. */
export interface VotequorumFollowLost {
  readonly kind: 'lost';
  /** Why it was lost. */
  readonly error: ConnectionError;
}

/** Connected again: this holds now, whatever has changed meanwhile. */
export interface VotequorumFollowResynced {
  readonly kind: 'resynced';
  /** What holds now. */
  readonly state: VotequorumState;
  /** Whether it differs from what was told last. */
  readonly changed: boolean;
}

/** The reader lagged: `dropped` events are not told one by one. This holds now; or, if corosync is gone, it is what held, and `lost` follows. */
export interface VotequorumFollowOverflow {
  readonly kind: 'overflow';
  /** How many events are not told. */
  readonly dropped: number;
  /** `undefined`: nothing is known yet. */
  readonly state: VotequorumState | undefined;
}

/** What a follower tells. */
export type VotequorumFollowEvent =
  | VotequorumFollowSnapshot
  | VotequorumFollowChange
  | VotequorumFollowFound
  | VotequorumFollowLost
  | VotequorumFollowResynced
  | VotequorumFollowOverflow;

/**
 * Votes and membership, followed across restarts of corosync: `for await` gives one reader a snapshot, then every later change, in order; gaps are told.
 * Leaving the loop closes the follower.
 */
export interface VotequorumFollower extends AsyncIterable<VotequorumFollowEvent>, AsyncDisposable {
  /** What is known, whatever the reader has been told of it. While the connection is lost it stays as it was; `undefined` before the first. */
  readonly current: VotequorumState | undefined;
  /** Ends it, here and at corosync. What has not been read is dropped. Idempotent; never fails. */
  close(): Promise<void>;
}
