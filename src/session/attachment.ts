import { setImmediate as turn } from 'node:timers/promises';
import type { CmapClient } from '../cmap/index.ts';
import { FollowedStats } from './followed-stats.ts';
import { getIfThere, TrackedKeys, type FollowedKeys } from './followed-keys.ts';
import type { Change, Picture } from './picture.ts';

/** How long a suspect may wait for the notification that explains it, in milliseconds. */
const SUSPECT_MS = 1000;

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
  #stopped = false;
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
    const { key, prefix } = followed;
    const source = {
      told: (notification: Parameters<Picture['tell']>[0]): void => {
        if (this.#stopped) return;
        this.#changed(picture.tell(notification), false);
        if (picture.suspects.size > 0) this.#checkSuspectsLater();
      },
      corrected: (...read: Parameters<Picture['correct']>): void => {
        if (!this.#stopped) this.#changed(picture.correct(...read), true);
      },
      failed: (error: unknown): void => this.#failed(error),
    };
    this.#keys =
      client.map === 'stats' && prefix
        ? new FollowedStats(client, key, source)
        : new TrackedKeys(client, key, prefix, source);
  }

  /** Adds the trackers and reads the map: how it differs from the picture, or `undefined` if stopped meanwhile. */
  async start(): Promise<Change[] | undefined> {
    this.#picture.startReading();
    await this.#keys.track();
    const read = this.#stopped ? [] : await this.#keys.read();
    // Notifications that corosync sent before its last answer are here when the loop has turned.
    await turn();
    return this.#stopped ? undefined : this.#picture.finishReading(read);
  }

  /** The picture stays as it is from now on. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#suspectTimer);
  }

  /** Deletes the trackers. If the connection fails meanwhile, they are gone with it. */
  async release(): Promise<void> {
    this.stop();
    await this.#keys.release().catch(() => undefined);
  }

  #changed(change: Change | undefined, synthetic: boolean): void {
    if (change !== undefined) this.#listener.changed(change, synthetic);
  }

  #failed(error: unknown): void {
    if (!this.#stopped) this.#listener.failed(this.#client, error);
  }

  #checkSuspectsLater(): void {
    this.#suspectTimer ??= setTimeout(() => {
      this.#suspectTimer = undefined;
      this.#checkSuspects().catch((error: unknown) => this.#failed(error));
    }, SUSPECT_MS);
  }

  async #checkSuspects(): Promise<void> {
    for (const key of [...this.#picture.suspects]) {
      const value = await getIfThere(this.#client, key);
      if (this.#stopped) return;
      if (this.#picture.suspects.has(key)) this.#changed(this.#picture.correct(key, value), true);
    }
  }
}
