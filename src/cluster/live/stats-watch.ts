import type { ReadOnlyCmapClient } from '../../cmap/index.ts';
import { SILENCE_KEY, TRACKED_KEYS } from '../figures/keys.ts';

/** A tracker, as far as it is of interest here. */
interface Tracker {
  close(): Promise<void>;
}

export interface StatsWatchSink {
  /** Something has happened: it is to be read. */
  changed(): void;
  /** corosync has measured how long the token has been away. */
  silence(ms: number): void;
}

/**
 * Has corosync tell of statistics that say that something has happened. corosync compares them itself each 1.5 s, at a fraction of what it costs to ask; and at
 * rest it tells of one only, how long the token has been away.
 */
export class StatsWatch {
  readonly #stats: ReadOnlyCmapClient;
  readonly #sink: StatsWatchSink;
  readonly #trackers = new Map<string, Promise<Tracker>>();

  constructor(stats: ReadOnlyCmapClient, sink: StatsWatchSink) {
    this.#stats = stats;
    this.#sink = sink;
  }

  /** @param counts how often each link went down: those of links that are gone are not told any more */
  async follow(counts: readonly string[]): Promise<void> {
    const wanted = new Set([SILENCE_KEY, ...TRACKED_KEYS, ...counts]);
    const gone = [...this.#trackers].filter(([key]) => !wanted.has(key));
    const come = [...wanted].filter((key) => !this.#trackers.has(key));
    for (const [key] of gone) this.#trackers.delete(key);
    const adding = come.map((key) => [key, this.#track(key)] as const);
    for (const [key, tracker] of adding) this.#trackers.set(key, tracker);
    await Promise.all(adding.map(([, tracker]) => tracker));
    await Promise.all(gone.map(async ([, tracker]) => (await tracker).close()));
  }

  #track(key: string): Promise<Tracker> {
    return this.#stats.track(key, {
      events: ['modify'],
      timeoutMs: Infinity,
      listener: (event) => {
        if (event.kind !== 'notification') return;
        const ms = Number(event.newValue?.value);
        if (key !== SILENCE_KEY) this.#sink.changed();
        else if (Number.isFinite(ms)) this.#sink.silence(ms);
      },
    });
  }
}
