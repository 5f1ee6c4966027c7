import { setImmediate as turn } from 'node:timers/promises';
import type { CmapClient } from '../cmap-client.ts';
import { FollowedStat } from './followed-stat.ts';
import { FollowedStats } from './followed-stats.ts';
import { getIfThere, TrackedKeys, type FollowedKeys, type SourceListener } from './followed-keys.ts';
import type { Change, Picture } from './picture.ts';

/**
 * For so many milliseconds nothing must have been told before suspects are read again: notifications that have backed up in corosync
 * may explain them, one by one.
 */
const QUIET_MS = 1000;
/** How often a key is read again whose answers are always overtaken by notifications; those are right by themselves then. */
const MOST_READINGS = 10;

export interface AttachmentListener {
  changed(change: Change, synthetic: boolean): void;
  /** The attachment cannot be kept up to date any more, while the connection still stands. */
  failed(client: CmapClient, error: unknown): void;
}

/** A follower's hold on one connection: keeps its picture up to date while the connection lasts. */
export class Attachment {
  readonly #client: CmapClient;
  readonly #picture: Picture;
  readonly #listener: AttachmentListener;
  readonly #keys: FollowedKeys;
  readonly #stopping = new AbortController();
  #suspectTimer: NodeJS.Timeout | undefined;
  #lastToldAt = 0;

  constructor(
    client: CmapClient,
    followed: { readonly key: string; readonly prefix: boolean },
    picture: Picture,
    listener: AttachmentListener,
  ) {
    this.#client = client;
    this.#picture = picture;
    this.#listener = listener;
    this.#keys = followedKeys(client, followed, this.#source());
  }

  /** Adds the trackers and reads the map: how it differs from the picture, or `undefined` if stopped meanwhile. */
  async start(): Promise<Change[] | undefined> {
    try {
      this.#picture.startReading();
      await this.#keys.track();
      const read = await this.#keys.read();
      // Notifications that corosync sent before its last answer are here when the loop has turned.
      await turn();
      await turn();
      return this.#isStopped() ? undefined : this.#picture.finishReading(read);
    } catch (error) {
      const stopped = this.#isStopped();
      // Not awaited: after a deadline it would be a second one.
      void this.release();
      if (stopped) return undefined;
      throw error;
    }
  }

  /** The picture stays as it is from now on, and calls that are under way are given up. */
  stop(): void {
    clearTimeout(this.#suspectTimer);
    this.#stopping.abort();
    this.#keys.stop();
  }

  /** Deletes the trackers. If the connection fails meanwhile, they are gone with it. */
  async release(): Promise<void> {
    this.stop();
    await this.#keys.release();
  }

  #source(): SourceListener {
    return {
      signal: this.#stopping.signal,
      known: () => this.#picture.values.keys(),
      told: (notification) => {
        if (this.#isStopped()) return;
        this.#lastToldAt = performance.now();
        this.#changed(this.#picture.tell(notification), false);
        if (this.#picture.suspects.size > 0) this.#checkSuspectsLater();
      },
      readAgain: (key) => this.#readAgain(key),
      failed: (error) => this.#failed(error),
    };
  }

  #isStopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  #changed(change: Change | undefined, synthetic: boolean): void {
    if (change !== undefined) this.#listener.changed(change, synthetic);
  }

  #failed(error: unknown): void {
    if (!this.#isStopped()) this.#listener.failed(this.#client, error);
  }

  #checkSuspectsLater(delayMs = QUIET_MS): void {
    this.#suspectTimer ??= setTimeout(() => {
      this.#suspectTimer = undefined;
      const quietMs = performance.now() - this.#lastToldAt;
      if (quietMs < QUIET_MS) this.#checkSuspectsLater(Math.ceil(QUIET_MS - quietMs));
      else this.#checkSuspects().catch((error: unknown) => this.#failed(error));
    }, delayMs);
  }

  async #checkSuspects(): Promise<void> {
    for (const key of [...this.#picture.suspects]) {
      if (this.#picture.suspects.has(key)) await this.#readAgain(key);
    }
  }

  /** Reads one key for what is not told of it. Returns whether it is there. */
  async #readAgain(key: string): Promise<boolean> {
    for (let reading = 0; ; reading++) {
      const correction = this.#picture.startCorrection(key);
      const value = await getIfThere(this.#client, key, this.#stopping.signal);
      if (this.#isStopped()) return false;
      const { usable, change } = this.#picture.finishCorrection(correction, value);
      this.#changed(change, true);
      if (usable || reading === MOST_READINGS) return value !== undefined;
    }
  }
}

function followedKeys(
  client: CmapClient,
  { key, prefix }: { readonly key: string; readonly prefix: boolean },
  listener: SourceListener,
): FollowedKeys {
  if (client.map !== 'stats') return new TrackedKeys(client, key, prefix, listener);
  return prefix ? new FollowedStats(client, key, listener) : new FollowedStat(client, key, listener);
}
