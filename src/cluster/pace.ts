import type { CmapValue } from '../codec/cmap/value.ts';
import { MapReader } from './map-reader.ts';

/** The keys of the map that say how soon corosync notices that somebody is gone. */
export const PACE_KEYS = ['runtime.config.totem.token', 'runtime.config.totem.consensus'] as const;

/** corosync's own defaults. */
const TOKEN_MS = 3000;
const CONSENSUS_PER_TOKEN = 1.2;

/** knet looks at its links so often, in milliseconds. */
const KNET_LOOKS_EACH_MS = 200;

/** corosync compares its statistics so often, in milliseconds, and its links change within that: asking oftener would show no more. */
export const STATISTICS_EACH_MS = 1500;
const LEAST_BEAT_MS = 100;

/** How soon the nodes of a cluster notice what becomes of one another. */
export class Pace {
  /** Without the token for so long, it is lost. */
  readonly tokenMs: number;
  readonly #consensusMs: number;

  constructor(tokenMs: number, consensusMs: number) {
    this.tokenMs = tokenMs;
    this.#consensusMs = consensusMs;
  }

  /** A corosync that stands still for so long may have been given up by the others, and does not know it yet. */
  get suspiciousMs(): number {
    return this.tokenMs / 2;
  }

  /** After it, corosync has found out what happened while it did not look. */
  get settleMs(): number {
    return this.tokenMs + this.#consensusMs;
  }

  /** How long a link that is down may be explained by what is found out then. */
  get hold(): { readonly members: number; readonly links: number } {
    // knet pings a link four times in a token timeout, and gives one that was down before a little longer.
    return { members: this.settleMs + STATISTICS_EACH_MS, links: this.tokenMs / 2 + 2 * KNET_LOOKS_EACH_MS };
  }

  /** So often it is asked that no suspicious standstill passes unseen. */
  beatMs(most: number): number {
    return Math.max(Math.min(this.suspiciousMs, most, STATISTICS_EACH_MS), LEAST_BEAT_MS);
  }
}

/**
 * A corosync that has lost the token, or stood still for so long, does not know yet who is still a member. That quorum is lost it knows: it measures the token
 * only each 1.5 s, so that the last figure may be from before.
 */
export function isWithoutToken(silenceMs: number, tokenMs: number, quorate: boolean): boolean {
  return silenceMs > tokenMs && quorate;
}

/** By the timeouts that corosync runs with. */
export function paceOf(map: ReadonlyMap<string, CmapValue> = new Map()): Pace {
  const reader = new MapReader(map);
  const [token, consensus] = PACE_KEYS.map((key) => reader.integer(key));
  const tokenMs = token ?? TOKEN_MS;
  return new Pace(tokenMs, consensus ?? tokenMs * CONSENSUS_PER_TOKEN);
}
