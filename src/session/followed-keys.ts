import type { CmapClient, CmapEntry, CmapTracker, CmapTrackEvent } from '../cmap/index.ts';
import { CsError } from '../errors/index.ts';
import type { CmapValue } from '../codec/cmap/value.ts';
import type { Told } from './picture.ts';

/** What a source tells its follower. */
export interface SourceListener {
  told(notification: Told): void;
  /** The value of a key as just read, `undefined` if it is not there: for what corosync does not tell. */
  corrected(key: string, value: CmapValue | undefined): void;
  /** What the source needs cannot be had any more; the connection is of no use to it. */
  failed(error: unknown): void;
}

/** The followed keys on one connection: the trackers at the server, and the first reading. */
export interface FollowedKeys {
  /** Adds the trackers; from now on the listener is told. */
  track(): Promise<void>;
  /** All that is there. To be called after `track`, so that nothing changes unheard. */
  read(): Promise<CmapEntry[]>;
  /** Deletes the trackers, if the connection is still there. */
  release(): Promise<void>;
}

/** One tracker at corosync that tells everything: a key of either map, or a prefix of icmap. */
export class TrackedKeys implements FollowedKeys {
  readonly #client: CmapClient;
  readonly #key: string;
  readonly #prefix: boolean;
  readonly #listener: SourceListener;
  #tracker: CmapTracker | undefined;

  constructor(client: CmapClient, key: string, prefix: boolean, listener: SourceListener) {
    this.#client = client;
    this.#key = key;
    this.#prefix = prefix;
    this.#listener = listener;
  }

  async track(): Promise<void> {
    const listener = (event: CmapTrackEvent): void => {
      if (event.kind === 'notification') this.#listener.told(event);
    };
    this.#tracker = await this.#client.track(this.#key, { prefix: this.#prefix, listener });
  }

  async read(): Promise<CmapEntry[]> {
    if (this.#prefix) return collect(this.#client.entries(this.#key));
    const value = await getIfThere(this.#client, this.#key);
    return value === undefined ? [] : [{ key: this.#key, value }];
  }

  async release(): Promise<void> {
    await this.#tracker?.delete();
  }
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

export async function getIfThere(client: CmapClient, key: string): Promise<CmapValue | undefined> {
  try {
    return await client.get(key);
  } catch (error) {
    if (error instanceof CsError && error.code === 'CS_ERR_NOT_EXIST') return undefined;
    throw error;
  }
}
