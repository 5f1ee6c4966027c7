import type { CmapClient } from '../cmap-client.ts';
import type { CmapEntry } from '../iteration/iterate.ts';
import { TrackedKeys, type FollowedKeys, type SourceListener } from './followed-keys.ts';
import { Repetition } from './repetition.ts';

/** How often the key is read again, in milliseconds. */
const READING_MS = 60_000;

/** One key of the stats map. corosync does not tell of every one that goes (see FollowedStats): so it is read now and then. */
export class FollowedStat implements FollowedKeys {
  readonly #tracked: TrackedKeys;
  readonly #reading: Repetition;

  /** @param readingMs how often the key is read again */
  constructor(client: CmapClient, key: string, listener: SourceListener, readingMs = READING_MS) {
    this.#tracked = new TrackedKeys(client, key, false, listener);
    this.#reading = new Repetition(
      () => listener.readAgain(key),
      readingMs,
      (error) => listener.failed(error),
    );
  }

  async track(): Promise<void> {
    await this.#tracked.track();
    this.#reading.start();
  }

  read(): Promise<CmapEntry[]> {
    return this.#tracked.read();
  }

  stop(): void {
    this.#reading.stop();
  }

  async release(): Promise<void> {
    this.stop();
    await this.#tracked.release();
  }
}
