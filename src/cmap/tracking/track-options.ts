import type { CmapChange } from '../../codec/cmap/notification.ts';
import type { CmapMap } from '../../codec/cmap/set-current-map.ts';
import { TRACK_BITS } from '../../codec/cmap/track.ts';
import { CsError, type CsErrorName } from '../../errors/index.ts';
import { CALL_RULES, type CallOptions } from '../../options/call-options.ts';
import { checkOptions } from '../../options/check-options.ts';
import { boolean, callable, integer, object, oneOf, someOf } from '../../options/rules.ts';
import { checkTrackedKey } from '../values/keys.ts';
import type { CmapTrackEvent } from './track-events.ts';

/** What to track and how its events reach the reader. */
export interface CmapTrackOptions extends CallOptions {
  /** Track every key that starts with the given text, which may then be empty. Default false. */
  readonly prefix?: boolean | undefined;
  /** Which changes to hear of. Default all three. */
  readonly events?: readonly CmapChange[] | undefined;
  /** Called for each event in the turn in which it arrives. A tracker with a listener cannot be iterated. */
  readonly listener?: ((event: CmapTrackEvent) => void) | undefined;
  /**
   * What a reader that falls behind gets. `'overflow'` (default): every notification up to the limits, then one
   * overflow event that counts what is missing. `'coalesce'`: one notification for each key,
   * from the oldest unread value to the newest (two, if it was deleted and added again, and modifications are not asked for);
   * beyond the limits an overflow event here too.
   */
  readonly whenLagging?: 'overflow' | 'coalesce' | undefined;
  /** How many unread notifications are kept. Default 65536. */
  readonly maxQueued?: number | undefined;
  /** How many bytes of memory unread notifications may take, roughly. Default 33554432. */
  readonly maxQueuedBytes?: number | undefined;
}

/** Options with the defaults filled in. */
export interface ResolvedTrackOptions extends CallOptions {
  readonly key: string;
  readonly prefix: boolean;
  readonly events: readonly CmapChange[];
  readonly trackType: number;
  readonly listener: ((event: CmapTrackEvent) => void) | undefined;
  readonly coalesce: boolean;
  readonly maxQueued: number;
  readonly maxQueuedBytes: number;
}

const OPERATION = 'cmap_track_add';

/** The rules that followers have, too. */
export const EVENT_RULES = {
  prefix: boolean,
  events: someOf('add', 'delete', 'modify'),
  maxQueued: integer(1, Number.MAX_SAFE_INTEGER),
  maxQueuedBytes: integer(1, Number.MAX_SAFE_INTEGER),
};
export const EVENT_DEFAULTS = {
  prefix: false,
  events: ['add', 'delete', 'modify'],
  maxQueued: 65_536,
  maxQueuedBytes: 32 * 1024 * 1024,
} as const;

const DEFAULTS = { ...EVENT_DEFAULTS, whenLagging: 'overflow' } as const;
const trackRule = object<CmapTrackOptions, typeof DEFAULTS>(
  'track',
  {
    ...EVENT_RULES,
    listener: callable(),
    whenLagging: oneOf('overflow', 'coalesce'),
    ...CALL_RULES,
  },
  { defaults: DEFAULTS },
);

/** Refuses what corosync would refuse, what could never fire, and what would make corosync crash. */
export function resolveTrackOptions(
  key: string,
  options: CmapTrackOptions,
  map: CmapMap,
): ResolvedTrackOptions {
  const { whenLagging, listener, ...checked } = checkOptions(
    { operation: OPERATION, key },
    options,
    trackRule,
  );
  const { prefix, events } = checked;
  checkTrackedKey(OPERATION, key, prefix);
  if (map === 'stats') checkStatsTracker(key, prefix, events);
  const trackType = events.reduce((bits, event) => bits | TRACK_BITS[event], prefix ? TRACK_BITS.prefix : 0);
  return Object.freeze({ ...checked, key, listener, trackType, coalesce: whenLagging === 'coalesce' });
}

/**
 * corosync exec/stats.c: a prefix is only told of keys that come and go; a single key is compared every 1.5 s, whatever
 * the tracker asks for, and a text overruns the 8 bytes that this is done with: with a prefix that is such a key, once.
 */
function checkStatsTracker(key: string, prefix: boolean, events: readonly CmapChange[]): void {
  if (prefix && !(events.includes('add') && events.includes('delete'))) {
    const detail = 'in the stats map a prefix can only be tracked for add and delete together';
    throw refuse('CS_ERR_NOT_SUPPORTED', key, detail);
  }
  if (key.endsWith('.procname')) throw dangerousStatsTracker(key);
}

/** corosync copies up to 32 bytes of such a string into a uint64_t at every change. */
export function dangerousStatsTracker(key: string): CsError {
  return invalid(key, 'tracking a text in the stats map can crash corosync; read it with get instead');
}

function invalid(key: string, detail: string): CsError {
  return refuse('CS_ERR_INVALID_PARAM', key, detail);
}

function refuse(code: CsErrorName, key: string, detail: string): CsError {
  return new CsError(code, { operation: OPERATION, key: typeof key === 'string' ? key : undefined, detail });
}
