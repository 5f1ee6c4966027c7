import { downCountKey } from '../figures/keys.ts';
import type { LinkName } from '../figures/read-figures.ts';
import { MapReader } from '../map-reader.ts';
import type { ClusterReports } from '../reports.ts';

interface Count {
  connected: boolean;
  /** It has been. Until then corosync counts it as down once, as it begins. */
  everConnected: boolean;
  /** corosync's count when this connection saw it first; `undefined`: it has none. */
  base: bigint | undefined;
  /** How often it went down since then, as far as it has been told. */
  known: bigint;
  /** How often before. */
  before: bigint;
}

/**
 * How often each link went down since we watch. corosync counts that, too, but not across its own restarts. Its count is read before what the link is: so a
 * link that is down and has not been counted has just gone down, and counts once.
 */
export class FlapCounts {
  readonly #counts = new Map<string, Count>();

  /** @param anew corosync may be another one, which counts from zero, and what happened meanwhile is not known */
  note({ links, stats, localNodeId }: ClusterReports, anew: boolean): void {
    const reader = new MapReader(stats ?? new Map());
    const seen = new Set<string>();
    for (const [nodeId, status] of links ?? []) {
      for (const [link, { enabled, connected }] of status.links.entries()) {
        if (!enabled || nodeId === localNodeId) continue;
        const key = downCountKey(nodeId, link);
        seen.add(key);
        this.#note(key, connected, reader.counter(key), anew);
      }
    }
    for (const key of this.#counts.keys()) if (!seen.has(key)) this.#counts.delete(key);
  }

  /** `undefined`: corosync does not count. */
  of({ nodeId, link }: LinkName): number | undefined {
    const count = this.#counts.get(downCountKey(nodeId, link));
    return count?.base === undefined ? undefined : Number(count.before + count.known);
  }

  #note(key: string, connected: boolean, downs: bigint | undefined, anew: boolean): void {
    const count = this.#counts.get(key);
    const isNew = count?.everConnected !== true || anew;
    if (
      count === undefined ||
      isNew ||
      downs === undefined ||
      count.base === undefined ||
      downs < count.base
    ) {
      const before = count === undefined ? 0n : count.before + count.known;
      this.#counts.set(key, { connected, everConnected: connected, base: downs, known: 0n, before });
      return;
    }
    const counted = downs - count.base;
    const wentDown = count.connected && !connected;
    if (counted > count.known) count.known = counted;
    else if (wentDown) count.known += 1n;
    count.connected = connected;
  }
}
