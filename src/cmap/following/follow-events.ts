import type { CmapChange } from '../../codec/cmap/notification.ts';
import type { CmapValue } from '../../codec/cmap/value.ts';
import type { CmapEntry } from '../iteration/iterate.ts';
import type { ConnectionError } from '../../errors/index.ts';

/** What holds at the start: every key that is followed, sorted. Once for each follower, before anything else. */
export interface CmapFollowSnapshot {
  readonly kind: 'snapshot';
  /** The keys with their values. */
  readonly entries: readonly CmapEntry[];
  /** The follower that this is told to. */
  readonly follower: CmapFollower;
}

/** One change, after the snapshot. */
export interface CmapFollowNotification {
  readonly kind: 'notification';
  /** What happened to it. */
  readonly change: CmapChange;
  /** The key that has changed. */
  readonly key: string;
  /** `undefined`: the key is gone. */
  readonly newValue: CmapValue | undefined;
  /** `undefined`: the key was not there. Remembered by the follower where corosync does not tell it. */
  readonly oldValue: CmapValue | undefined;
  /**
   * Not told by corosync, but found by comparing what is remembered with the map: after a gap, or after an overflow.
   * It may stand for several changes.
   */
  readonly synthetic: boolean;
  /** The follower that this is told to. */
  readonly follower: CmapFollower;
}

/** The connection is gone: from here to `resynced` nothing is heard, and what was told may have aged. */
export interface CmapFollowLost {
  readonly kind: 'lost';
  /** Why it is gone. */
  readonly error: ConnectionError;
  /** The follower that this is told to. */
  readonly follower: CmapFollower;
}

/** Connected again: the `changes` synthetic notifications since `lost` have brought the reader's picture up to date. */
export interface CmapFollowResynced {
  readonly kind: 'resynced';
  /** How many synthetic notifications the reader has been given since `lost`. */
  readonly changes: number;
  /** The follower that this is told to. */
  readonly follower: CmapFollower;
}

/**
 * The reader lagged beyond the limits: `dropped` notifications are not told one by one. Synthetic notifications follow at once, one for each
 * key whose value is not the one last told.
 */
export interface CmapFollowOverflow {
  readonly kind: 'overflow';
  /** How many notifications are not told one by one. */
  readonly dropped: number;
  /** The follower that this is told to. */
  readonly follower: CmapFollower;
}

/** What a follower tells. */
export type CmapFollowEvent =
  CmapFollowSnapshot | CmapFollowNotification | CmapFollowLost | CmapFollowResynced | CmapFollowOverflow;

/**
 * A key, or the keys below a prefix, followed across restarts of corosync: `for await` gives one reader a snapshot, then every
 * later change, in order; gaps are told, and healed by synthetic notifications. Leaving the loop deletes the follower.
 */
export interface CmapFollower extends AsyncIterable<CmapFollowEvent>, AsyncDisposable {
  /** The key, or the prefix, as it was given to `follow`. */
  readonly key: string;
  /** Whether `key` is a prefix. */
  readonly prefix: boolean;
  /** The changes that it was asked to tell. */
  readonly events: readonly CmapChange[];
  /**
   * What is known of the followed keys, whatever the reader has been told of it: a view that changes as they do. While the connection
   * is lost it stays as it was.
   */
  readonly values: ReadonlyMap<string, CmapValue>;
  /** Resolves at the end: with the error if corosync has refused, with `undefined` after `close` or the session's `close`. */
  whenEnded(): Promise<Error | undefined>;
  /** Ends it, here and at corosync. What has not been read is dropped. Idempotent; never fails. */
  close(): Promise<void>;
}
