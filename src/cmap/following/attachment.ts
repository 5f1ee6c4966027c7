import { CsError } from '../../errors/index.ts';
import { within } from '../../ipc/index.ts';
import type { CmapClient } from '../cmap-client.ts';
import { FollowedStat } from './followed-stat.ts';
import { FollowedStats } from './followed-stats.ts';
import { getIfThere, TrackedKeys, type FollowedKeys, type SourceListener } from './followed-keys.ts';
import type { Change, Picture } from './picture.ts';

/** Milliseconds after which suspects are read again: many at a time, where there are many. */
const SUSPICION_MS = 100;
/**
 * Milliseconds that a backlog of notifications is waited for. In a flood that this process cannot keep up with it never ends: then what is
 * told is sorted out by its old values, and a change to a value that recurs may be told although the snapshot contains it.
 */
const CAUGHT_UP_MS = 10_000;
/** How often a key is read again whose answers are always overtaken by notifications; those are right by themselves then. */
const MOST_READINGS = 10;

export interface AttachmentListener {
  /** The map has been read: how it differs from the picture. Every later change is told by `changed`. */
  read(changes: Change[]): void;
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

  /**
   * Adds the trackers and reads the map. Its listener is told in the turn in which the picture changes: whatever comes next finds
   * both alike. If it is stopped meanwhile, nothing is told, and nothing is left at corosync.
   */
  async start(): Promise<void> {
    try {
      this.#picture.startReading();
      await this.#keys.track();
      const read = await this.#keys.read();
      await this.#caughtUp();
      if (this.#isStopped()) {
        await this.release();
        return;
      }
      this.#listener.read(this.#picture.finishReading(read));
    } catch (error) {
      const stopped = this.#isStopped();
      // Not awaited: after a deadline it would be a second one.
      void this.release();
      if (!stopped) throw error;
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

  #checkSuspectsLater(): void {
    this.#suspectTimer ??= setTimeout(() => {
      this.#suspectTimer = undefined;
      this.#checkSuspects().catch((error: unknown) => this.#failed(error));
    }, SUSPICION_MS);
  }

  /** By then everything is told that happened before the last answer, if that can be had. */
  async #caughtUp(): Promise<void> {
    const { signal } = this.#stopping;
    const options = { operation: 'follow', timeoutMs: CAUGHT_UP_MS, signal };
    await within(this.#client.caughtUp(), options).catch((error: unknown) => {
      if (!(error instanceof CsError && error.code === 'CS_ERR_TIMEOUT')) throw error;
    });
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
      await this.#caughtUp();
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
