import type { CmapClient } from '../cmap-client.ts';
import type { CmapEntry } from '../iteration/iterate.ts';
import type { CmapTracker, CmapTrackEvent } from '../tracking/track-events.ts';
import type { CmapKeyInfo } from '../../codec/cmap/iterate.ts';
import { collect, type FollowedKeys, type SourceListener } from './followed-keys.ts';
import { Repetition } from './repetition.ts';

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

/** How often the keys are listed, in milliseconds, because corosync does not tell of every one that goes. */
const LISTING_MS = 60_000;

/**
 * A prefix of the stats map. corosync tells of a prefix only which keys come and go, and refuses to tell of changed values; so each
 * key gets a tracker of its own, which comes and goes with it. corosync compares those every 1.5 s: what changes and changes back
 * in between is not seen, which is why a link's `down_count` says more than its `connected`.
 *
 * It tells nobody of a key that goes while an iterator of any client rests on it, nor of scheduling misses that are
 * cleared. So the keys are listed now and then.
 */
export class FollowedStats implements FollowedKeys {
  readonly #client: CmapClient;
  readonly #prefix: string;
  readonly #listener: SourceListener;
  readonly #listing: Repetition;
  #comings: CmapTracker | undefined;
  readonly #trackers = new Map<string, Promise<CmapTracker>>();
  /** Keys that went while they were being listed. */
  #gone: Set<string> | undefined;

  /** @param listingMs how often the keys are listed */
  constructor(client: CmapClient, prefix: string, listener: SourceListener, listingMs = LISTING_MS) {
    this.#client = client;
    this.#prefix = prefix;
    this.#listener = listener;
    this.#listing = new Repetition(
      () => this.#compareWithList(),
      listingMs,
      (error) => this.#failed(error),
    );
  }

  async track(): Promise<void> {
    this.#comings = await this.#client.track(this.#prefix, {
      prefix: true,
      events: ['add', 'delete'],
      listener: (event) => this.#comesOrGoes(event),
      signal: this.#listener.signal,
    });
    const { numbers } = await this.#list();
    const silent = SILENT_KEYS.filter((key) => key.startsWith(this.#prefix));
    await Promise.all([...new Set([...numbers, ...silent])].map((key) => this.#trackKey(key)));
    this.#listing.start();
  }

  read(): Promise<CmapEntry[]> {
    return collect(this.#client.entries(this.#prefix, { signal: this.#listener.signal }));
  }

  stop(): void {
    this.#listing.stop();
  }

  async release(): Promise<void> {
    this.stop();
    const adding = [...this.#trackers.values()];
    this.#trackers.clear();
    const deleting = adding.map(async (tracker) => (await tracker).close());
    await Promise.allSettled([this.#comings?.close(), ...deleting]);
  }

  #comesOrGoes(event: CmapTrackEvent): void {
    if (event.kind !== 'notification') return;
    const { key, newValue } = event;
    this.#listener.told(event);
    if (event.change === 'delete') {
      this.#gone?.add(key);
      this.#untrackKey(key);
    } else {
      this.#gone?.delete(key);
      if (newValue !== undefined && isNumber(newValue)) this.#inBackground(this.#followNewKey(key));
    }
  }

  /** Its value may have changed between corosync's notification and the tracker, or it may have gone: so it is read again. */
  async #followNewKey(key: string): Promise<void> {
    await this.#trackKey(key);
    const isThere = await this.#listener.readAgain(key);
    if (!isThere) this.#untrackKey(key);
  }

  #trackKey(key: string): Promise<CmapTracker> {
    const tracked = this.#trackers.get(key);
    if (tracked !== undefined) return tracked;
    const tracker = this.#client.track(key, {
      events: ['modify'],
      listener: (event) => {
        if (event.kind === 'notification' && this.#trackers.has(key)) this.#listener.told(event);
      },
      signal: this.#listener.signal,
    });
    this.#trackers.set(key, tracker);
    return tracker;
  }

  #untrackKey(key: string): void {
    // Their trackers wait for the next miss.
    if (SILENT_KEYS.includes(key)) return;
    const tracker = this.#trackers.get(key);
    this.#trackers.delete(key);
    if (tracker !== undefined) this.#inBackground(tracker.then((added) => added.close()));
  }

  /** The keys that are there, without those that go in the same moment. */
  async #list(): Promise<{ all: Set<string>; numbers: string[] }> {
    const gone = new Set<string>();
    this.#gone = gone;
    const listed = await collect(this.#client.keys(this.#prefix, { signal: this.#listener.signal }));
    this.#gone = undefined;
    const keys = listed.filter(({ key }) => !gone.has(key));
    return {
      all: new Set(keys.map(({ key }) => key)),
      numbers: keys.filter(isNumber).map(({ key }) => key),
    };
  }

  /** What was not told: keys that have gone, and any that have come. */
  async #compareWithList(): Promise<void> {
    const { all, numbers } = await this.#list();
    const known = new Set(this.#listener.known());
    for (const key of new Set([...known, ...this.#trackers.keys()])) {
      if (all.has(key) || (await this.#listener.readAgain(key))) continue;
      this.#untrackKey(key);
    }
    for (const key of all) if (!known.has(key)) await this.#listener.readAgain(key);
    for (const key of numbers) if (!this.#trackers.has(key)) await this.#followNewKey(key);
  }

  #inBackground(work: Promise<unknown>): void {
    work.catch((error: unknown) => this.#failed(error));
  }

  #failed(error: unknown): void {
    if (!this.#listener.signal.aborted) this.#listener.failed(error);
  }
}

/** corosync's comparison of texts overruns its memory: they are read, and never tracked. */
function isNumber({ type }: Pick<CmapKeyInfo, 'type'>): boolean {
  return type !== 'string' && type !== 'binary' && type !== 'unknown';
}
