import type { CmapChange } from '../../codec/cmap/notification.ts';
import type { CmapValue } from '../../codec/cmap/value.ts';
import type { CallOptions } from '../../options/call-options.ts';

/** One change of a tracked key. */
export interface CmapNotification {
  readonly kind: 'notification';
  /** What happened to it. */
  readonly change: CmapChange;
  /** The key that has changed. */
  readonly key: string;
  /** `undefined`: unset, that is, the key was deleted. */
  readonly newValue: CmapValue | undefined;
  /**
   * `undefined`: unset, that is, the key was not there. Some changes that corosync makes itself come without it: of a `modify` it is
   * unknown then.
   * In the stats map both values are the new one: corosync does not remember the old.
   */
  readonly oldValue: CmapValue | undefined;
  /** The tracker that this is told to. */
  readonly tracker: CmapTracker;
  /** How many later changes of the key are folded into this one; 0 unless the tracker coalesces and its reader lags. */
  readonly coalesced: number;
}

/** At this place `dropped` notifications are missing: the reader lagged further than the tracker's limits. */
export interface CmapOverflow {
  readonly kind: 'overflow';
  /** How many notifications are missing. */
  readonly dropped: number;
  /** The tracker that this is told to. */
  readonly tracker: CmapTracker;
}

/** What a tracker tells. */
export type CmapTrackEvent = CmapNotification | CmapOverflow;

/**
 * A tracker of a key or a prefix: `for await` gives its events in corosync's order, to one reader. Leaving the loop
 * deletes the tracker on the server. If the connection is lost, the loop gives what has arrived and then throws ConnectionError.
 */
export interface CmapTracker extends AsyncIterable<CmapTrackEvent>, AsyncDisposable {
  /** The key, or the prefix, as it was given to `track`. */
  readonly key: string;
  /** Whether `key` is a prefix. */
  readonly prefix: boolean;
  /** The changes that it was asked to tell. */
  readonly events: readonly CmapChange[];
  /** cmap_track_delete. What has not been read is dropped. Further calls, and calls after the connection's end, do nothing. */
  close(options?: CallOptions): Promise<void>;
}
