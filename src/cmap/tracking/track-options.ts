import type { CmapChange } from '../../codec/cmap/notification.ts';
import type { CmapMap } from '../../codec/cmap/set-current-map.ts';
import { TRACK_BITS } from '../../codec/cmap/track.ts';
import { CsError, show, type CsErrorName } from '../../errors/index.ts';
import type { CallOptions } from '../../options/call-options.ts';
import { checkTrackedKey } from '../values/keys.ts';
import { checkOptionNames, type OptionNames } from '../../options/option-names.ts';
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
export interface ResolvedTrackOptions {
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
const NAMES: OptionNames<CmapTrackOptions> = {
  prefix: true,
  events: true,
  listener: true,
  whenLagging: true,
  maxQueued: true,
  maxQueuedBytes: true,
  timeoutMs: true,
  signal: true,
};
const EVENT_TYPES: readonly CmapChange[] = ['add', 'delete', 'modify'];

/** Refuses what corosync would refuse, what could never fire, and what would make corosync crash. */
export function resolveTrackOptions(
  key: string,
  options: CmapTrackOptions,
  map: CmapMap,
): ResolvedTrackOptions {
  checkOptionNames({ operation: OPERATION, key }, options, NAMES);
  const prefix = options.prefix ?? false;
  if (typeof prefix !== 'boolean') throw invalid(key, 'prefix is true or false');
  checkTrackedKey(OPERATION, key, prefix);
  const events = checkEvents(key, options.events ?? EVENT_TYPES);
  if (map === 'stats') checkStatsTracker(key, prefix, events);
  if (options.listener !== undefined && typeof options.listener !== 'function') {
    throw invalid(key, 'listener is a function');
  }
  return {
    key,
    prefix,
    events,
    trackType: events.reduce((bits, event) => bits | TRACK_BITS[event], prefix ? TRACK_BITS.prefix : 0),
    listener: options.listener,
    coalesce: checkWhenLagging(key, options.whenLagging ?? 'overflow') === 'coalesce',
    maxQueued: checkLimit(key, 'maxQueued', options.maxQueued ?? 65_536),
    maxQueuedBytes: checkLimit(key, 'maxQueuedBytes', options.maxQueuedBytes ?? 32 * 1024 * 1024),
  };
}

function checkEvents(key: string, events: readonly CmapChange[]): readonly CmapChange[] {
  if (!Array.isArray(events) || events.length === 0) {
    throw invalid(
      key,
      `events lists at least one of ${EVENT_TYPES.join(', ')}; without any the tracker would never fire`,
    );
  }
  const given: readonly CmapChange[] = events;
  const unknown = given.findIndex((event) => !EVENT_TYPES.includes(event));
  if (unknown !== -1)
    throw invalid(key, `unknown event ${show(given[unknown])}; there are ${EVENT_TYPES.join(', ')}`);
  return EVENT_TYPES.filter((event) => given.includes(event));
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

function checkWhenLagging(key: string, value: 'overflow' | 'coalesce'): 'overflow' | 'coalesce' {
  if (['overflow', 'coalesce'].includes(value)) return value;
  throw invalid(key, `whenLagging is 'overflow' or 'coalesce', not ${show(value)}`);
}

function checkLimit(key: string, name: string, value: number): number {
  if (Number.isInteger(value) && value >= 1) return value;
  throw invalid(key, `${name} is an integer of 1 or more, not ${show(value)}`);
}

function invalid(key: string, detail: string): CsError {
  return refuse('CS_ERR_INVALID_PARAM', key, detail);
}

function refuse(code: CsErrorName, key: string, detail: string): CsError {
  return new CsError(code, { operation: OPERATION, key: typeof key === 'string' ? key : undefined, detail });
}
