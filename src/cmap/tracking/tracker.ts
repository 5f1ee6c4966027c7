import type { CmapChange, NotificationMessage } from '../../codec/cmap/notification.ts';
import { CsError, type ConnectionError } from '../../errors/index.ts';
import { checkCallOptions, type CallLimits, type CallOptions } from '../../options/call-options.ts';
import { callListener } from '../../streams/call-listener.ts';
import { NotificationQueue } from './notification-queue.ts';
import type { CmapNotification, CmapTracker, CmapTrackEvent } from './track-events.ts';
import type { ResolvedTrackOptions } from './track-options.ts';

type State =
  | { readonly name: 'adding' }
  | { readonly name: 'active'; readonly trackHandle: bigint }
  | { readonly name: 'ended'; readonly error: ConnectionError | undefined };

interface WaitingReader {
  resolve(result: IteratorResult<CmapTrackEvent>): void;
  reject(error: Error): void;
}

/** Ends the tracker on the server. */
export type TrackDelete = (trackHandle: bigint, limits?: CallLimits) => Promise<void>;

/** Made by CmapClient only. */
export interface TrackerDriver {
  activate(trackHandle: bigint): void;
  deliver(message: NotificationMessage): void;
  end(error: ConnectionError | undefined): void;
}

/** The one implementation of CmapTracker. */
export class KeyTracker implements CmapTracker {
  readonly key: string;
  readonly prefix: boolean;
  readonly events: readonly CmapChange[];
  readonly #options: ResolvedTrackOptions;
  readonly #trackDelete: TrackDelete;
  readonly #defaultLimits: CallLimits;
  readonly #queue: NotificationQueue;
  #state: State = { name: 'adding' };
  #hasReader = false;
  #deleteWhenAdded = false;
  /** Calls of next() that no event has come for yet. */
  readonly #waiting: WaitingReader[] = [];

  private constructor(options: ResolvedTrackOptions, trackDelete: TrackDelete, defaultLimits: CallLimits) {
    this.key = options.key;
    this.prefix = options.prefix;
    this.events = options.events;
    this.#options = options;
    this.#trackDelete = trackDelete;
    this.#defaultLimits = defaultLimits;
    this.#queue = new NotificationQueue(options);
  }

  /** @internal */
  static create(
    options: ResolvedTrackOptions,
    trackDelete: TrackDelete,
    defaultLimits: CallLimits,
  ): [KeyTracker, TrackerDriver] {
    const tracker = new KeyTracker(options, trackDelete, defaultLimits);
    return [
      tracker,
      {
        activate: (trackHandle) => tracker.#activate(trackHandle),
        deliver: (message) => tracker.#deliver(message),
        end: (error) => tracker.#end(error),
      },
    ];
  }

  async close(options?: CallOptions): Promise<void> {
    const state = this.#state;
    if (state.name === 'ended') return;
    // Before anything changes: a mistake must not leave the tracker at corosync.
    const limits = checkCallOptions(options, this.#defaultLimits, 'cmap_track_delete', this.key);
    this.#queue.clear();
    this.#end(undefined);
    if (state.name === 'active') await this.#trackDelete(state.trackHandle, limits);
    else this.#deleteWhenAdded = true;
  }

  /** As `close`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * Its one reader. Leaving the loop closes the tracker.
   * @throws CsError CS_ERR_BUSY: it has a reader; CS_ERR_INVALID_PARAM: it has a listener.
   */
  [Symbol.asyncIterator](): AsyncIterator<CmapTrackEvent> {
    if (this.#options.listener !== undefined) {
      throw this.#misused('CS_ERR_INVALID_PARAM', 'has a listener, so that its events go there');
    }
    if (this.#hasReader)
      throw this.#misused('CS_ERR_BUSY', 'has a reader already; add another tracker for another reader');
    this.#hasReader = true;
    return {
      next: () => this.#next(),
      return: async () => {
        await this.close();
        return { done: true, value: undefined };
      },
    };
  }

  /** A listener may have deleted it before the answer was read; or the connection may have ended. */
  #activate(trackHandle: bigint): void {
    if (this.#state.name === 'adding') this.#state = { name: 'active', trackHandle };
    else if (this.#deleteWhenAdded) void this.#trackDelete(trackHandle).catch(() => undefined);
  }

  #next(): Promise<IteratorResult<CmapTrackEvent>> {
    const event = this.#queue.shift();
    if (event !== undefined) return Promise.resolve({ done: false, value: event });
    if (this.#state.name === 'ended') {
      const { error } = this.#state;
      return error === undefined ? Promise.resolve({ done: true, value: undefined }) : Promise.reject(error);
    }
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  #deliver({ key, change: event, newValue, oldValue }: NotificationMessage): void {
    // The stats map tells of modifications whether asked or not.
    if (this.#state.name === 'ended' || !this.events.includes(event)) return;
    const notification: CmapNotification = {
      kind: 'notification',
      change: event,
      key,
      newValue,
      oldValue,
      tracker: this,
      coalesced: 0,
    };
    if (this.#options.listener !== undefined) return callListener(this.#options.listener, notification);
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#queue.push(notification);
    else waiting.resolve({ done: false, value: notification });
  }

  #end(error: ConnectionError | undefined): void {
    if (this.#state.name === 'ended') return;
    this.#state = { name: 'ended', error };
    for (const waiting of this.#waiting.splice(0)) {
      if (error === undefined) waiting.resolve({ done: true, value: undefined });
      else waiting.reject(error);
    }
  }

  #misused(code: 'CS_ERR_INVALID_PARAM' | 'CS_ERR_BUSY', detail: string): CsError {
    return new CsError(code, { operation: 'track', key: this.key, detail: `this tracker ${detail}` });
  }
}
