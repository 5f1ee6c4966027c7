import type { CmapChange } from '../../codec/cmap/notification.ts';
import type { CmapMap } from '../../codec/cmap/set-current-map.ts';
import { CsError } from '../../errors/index.ts';
import { checkOptions } from '../../options/check-options.ts';
import { boolean, callable, object } from '../../options/rules.ts';
import { crashingKeysOf } from '../guards/nested-set-guard.ts';
import { EVENT_DEFAULTS, EVENT_RULES, resolveTrackOptions } from '../tracking/track-options.ts';
import type { CmapFollowEvent } from './follow-events.ts';

/** What to follow and how its events reach the reader. */
export interface CmapFollowOptions {
  /** Follow every key that starts with the given text. Default false: just the key. */
  readonly prefix?: boolean | undefined;
  /** Which changes to hear of. Default all three. */
  readonly events?: readonly CmapChange[] | undefined;
  /** Called for each event in the turn in which it arrives. A follower with a listener cannot be iterated. */
  readonly listener?: ((event: CmapFollowEvent) => void) | undefined;
  /** How many unread events are kept, before an overflow is told. Default 65536. */
  readonly maxQueued?: number | undefined;
  /** How many bytes of memory unread events may take, roughly. Default 33554432. */
  readonly maxQueuedBytes?: number | undefined;
  /**
   * Allows prefixes that cover `quorum.cancel_wait_for_all` or `runtime.force_gather`. While one is tracked, whoever sets such a key
   * crashes corosync (3.1.7, and still in 2026). Default false.
   */
  readonly coverCrashingKeys?: boolean | undefined;
}

export interface ResolvedFollowOptions {
  readonly key: string;
  readonly prefix: boolean;
  readonly events: readonly CmapChange[];
  readonly listener: ((event: CmapFollowEvent) => void) | undefined;
  readonly maxQueued: number;
  readonly maxQueuedBytes: number;
}

const DEFAULTS = { ...EVENT_DEFAULTS, coverCrashingKeys: false } as const;
const followRule = object<CmapFollowOptions, typeof DEFAULTS>(
  'follow',
  { ...EVENT_RULES, listener: callable(), coverCrashingKeys: boolean },
  { defaults: DEFAULTS },
);
/** The stats map cannot be asked for everything at once; the follower does it in pieces. */
const ALL: readonly CmapChange[] = ['add', 'delete', 'modify'];

export function resolveFollowOptions(
  key: string,
  options: CmapFollowOptions,
  map: CmapMap,
): ResolvedFollowOptions {
  const checked = checkOptions({ operation: 'follow', key }, options, followRule);
  const { prefix, listener, coverCrashingKeys } = checked;
  // The server is asked for all events, whatever the reader wants to hear of.
  resolveTrackOptions(key, { prefix, events: ALL }, map);
  const crashing = map === 'icmap' ? crashingKeysOf(key, prefix) : [];
  if (crashing.length > 0 && !coverCrashingKeys) throw coversCrashingKeys(key, crashing);
  return Object.freeze({ ...checked, key, listener });
}

function coversCrashingKeys(key: string, crashing: readonly string[]): CsError {
  return invalid(
    key,
    `while this is tracked, corosync crashes as soon as anybody sets ${crashing.join(' or ')}; ` +
      `follow narrower prefixes (as "runtime.members.", "runtime.votequorum.", "nodelist.", "totem."), ` +
      `or pass coverCrashingKeys: true if nobody ever does that`,
  );
}

function invalid(key: string, detail: string): CsError {
  return new CsError('CS_ERR_INVALID_PARAM', { operation: 'follow', key, detail });
}
