import type { CmapClient } from '../cmap-client.ts';
import type { CmapEntry } from '../iteration/iterate.ts';
import type { CmapTracker, CmapTrackEvent } from '../tracking/track-events.ts';
import type { CmapValue } from '../../codec/cmap/value.ts';
import { CsError } from '../../errors/index.ts';
import type { Told } from './picture.ts';

/** What a source tells its follower, and what it needs to know. */
export interface SourceListener {
  /** Aborts when nobody is interested any more. */
  readonly signal: AbortSignal;
  /** The keys of which the follower knows a value. */
  known(): Iterable<string>;
  told(notification: Told): void;
  /** Reads a key of which corosync does not tell enough. Resolves with whether it is there. */
  readAgain(key: string): Promise<boolean>;
  /** What the source needs cannot be had any more; the connection is of no use to it. */
  failed(error: unknown): void;
}

/** The followed keys on one connection: the trackers at the server, and the first reading. */
export interface FollowedKeys {
  /** Adds the trackers; from now on the listener is told. */
  track(): Promise<void>;
  /** All that is there. To be called after `track`, so that nothing changes unheard. */
  read(): Promise<CmapEntry[]>;
  /** Nobody is interested any more: ends what goes on by itself. */
  stop(): void;
  /** Deletes the trackers, if the connection is still there. Never fails. */
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
    const { signal } = this.#listener;
    const listener = (event: CmapTrackEvent): void => {
      if (event.kind === 'notification') this.#listener.told(event);
    };
    this.#tracker = await this.#client.track(this.#key, { prefix: this.#prefix, listener, signal });
  }

  async read(): Promise<CmapEntry[]> {
    const { signal } = this.#listener;
    if (this.#prefix) return collect(this.#client.entries(this.#key, { signal }));
    const value = await getIfThere(this.#client, this.#key, signal);
    return value === undefined ? [] : [{ key: this.#key, value }];
  }

  stop(): void {
    // Nothing goes on by itself here.
  }

  async release(): Promise<void> {
    await this.#tracker?.close().catch(ignore);
  }
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

export async function getIfThere(
  client: CmapClient,
  key: string,
  signal: AbortSignal,
): Promise<CmapValue | undefined> {
  try {
    return await client.get(key, { signal });
  } catch (error) {
    if (error instanceof CsError && error.code === 'CS_ERR_NOT_EXIST') return undefined;
    throw error;
  }
}

/** A tracker that cannot be deleted: corosync does not answer, and has been told; or it is gone. */
function ignore(): void {
  // Nobody would be helped by an error here.
}
