import type { CmapClient, CmapEntry, CmapTracker, CmapTrackEvent } from '../cmap/index.ts';
import type { CmapKeyInfo } from '../codec/cmap/iterate.ts';
import { collect, getIfThere, type FollowedKeys, type SourceListener } from './followed-keys.ts';

/** corosync remembers so many scheduling misses (exec/stats.c). */
const SCHEDULE_MISSES = 10;
/**
 * These keys appear without a word at the first scheduling miss, but can be tracked before they are there, and are then
 * told of as modified (exec/stats.c ignores them where it tells of new keys).
 */
const SILENT_KEYS: readonly string[] = Array.from({ length: SCHEDULE_MISSES }, (_, miss) => [
  `stats.schedmiss.${miss}.timestamp`,
  `stats.schedmiss.${miss}.delay`,
]).flat();

/**
 * A prefix of the stats map. corosync tells of a prefix only which keys come and go, and refuses to tell of changed values; so each
 * key gets a tracker of its own, which comes and goes with it. corosync compares those every 1.5 s: what changes and changes back
 * in between is not seen, which is why a link's `down_count` says more than its `connected`.
 */
export class FollowedStats implements FollowedKeys {
  readonly #client: CmapClient;
  readonly #prefix: string;
  readonly #listener: SourceListener;
  #comings: CmapTracker | undefined;
  readonly #trackers = new Map<string, Promise<CmapTracker>>();
  #released = false;

  constructor(client: CmapClient, prefix: string, listener: SourceListener) {
    this.#client = client;
    this.#prefix = prefix;
    this.#listener = listener;
  }

  async track(): Promise<void> {
    this.#comings = await this.#client.track(this.#prefix, {
      prefix: true,
      events: ['add', 'delete'],
      listener: (event) => this.#comesOrGoes(event),
    });
    const keys = await collect(this.#client.keys(this.#prefix));
    const silent = SILENT_KEYS.filter((key) => key.startsWith(this.#prefix));
    const numbers = keys.filter(isNumber).map(({ key }) => key);
    await Promise.all([...new Set([...numbers, ...silent])].map((key) => this.#trackKey(key)));
  }

  read(): Promise<CmapEntry[]> {
    return collect(this.#client.entries(this.#prefix));
  }

  async release(): Promise<void> {
    this.#released = true;
    const adding = [...this.#trackers.values()];
    this.#trackers.clear();
    await this.#comings?.delete();
    await Promise.allSettled(adding.map(async (tracker) => (await tracker).delete()));
  }

  #comesOrGoes(event: CmapTrackEvent): void {
    if (event.kind !== 'notification') return;
    this.#listener.told(event);
    if (event.event === 'delete') this.#untrackKey(event.key);
    else if (event.newValue !== undefined && isNumber(event.newValue)) this.#followNewKey(event.key);
  }

  /** Its value may have changed between corosync's notification and the tracker: so it is read again. */
  #followNewKey(key: string): void {
    const follow = async (): Promise<void> => {
      await this.#trackKey(key);
      const value = await getIfThere(this.#client, key);
      if (this.#trackers.has(key)) this.#listener.corrected(key, value);
    };
    follow().catch((error: unknown) => this.#listener.failed(error));
  }

  #trackKey(key: string): Promise<CmapTracker> {
    const tracked = this.#trackers.get(key);
    if (tracked !== undefined) return tracked;
    const tracker = this.#client.track(key, {
      events: ['modify'],
      listener: (event) => {
        if (event.kind === 'notification' && this.#trackers.has(key)) this.#listener.told(event);
      },
    });
    this.#trackers.set(key, tracker);
    return tracker;
  }

  #untrackKey(key: string): void {
    // Their trackers wait for the next miss.
    if (SILENT_KEYS.includes(key)) return;
    const tracker = this.#trackers.get(key);
    this.#trackers.delete(key);
    tracker
      ?.then((added) => added.delete())
      .catch((error: unknown) => {
        if (!this.#released) this.#listener.failed(error);
      });
  }
}

/** corosync's comparison of texts overruns its memory: they are read, and never tracked. */
function isNumber({ type }: Pick<CmapKeyInfo, 'type'>): boolean {
  return type !== 'string' && type !== 'binary' && type !== 'unknown';
}
