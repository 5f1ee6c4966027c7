import type { RequestMessage } from '../codec/message.ts';
import type { ConnectionError } from '../errors/index.ts';
import { within } from '../ipc/index.ts';
import { CALL_RULES, type CallOptions } from '../options/call-options.ts';
import { checkOptions } from '../options/check-options.ts';
import { object } from '../options/rules.ts';
import {
  READER_DEFAULTS,
  readerRules,
  type CheckedReaderOptions,
  type ReaderOptions,
} from '../streams/reader-options.ts';
import { Subscription } from '../streams/subscription.ts';
import type { ServiceClient } from './service-client.ts';

/**
 * Tells of changes: first what holds, then every change, in corosync's order. `for await` gives the events to one reader. Leaving the loop closes
 * the tracker. If the connection is lost, the loop gives what has arrived and then throws ConnectionError.
 */
export interface ServiceTracker<E> extends AsyncIterable<E>, AsyncDisposable {
  /** Ends it, and the tracking at corosync if no other tracker of the client is left. What has not been read is dropped. Idempotent; never fails. */
  close(): Promise<void>;
}

/** How the events of a tracker reach their reader, and how long to wait for corosync. */
export interface ServiceTrackOptions<E> extends CallOptions, ReaderOptions<E> {}

/** What has been told of one service. */
export interface TrackingPicture<W, E> {
  /** Takes in what corosync has told, and returns it as it is told here. */
  told(event: W): E;
  /** What holds, as far as it was told. */
  snapshot(): E[];
}

/** How a service is tracked. */
export interface TrackingKind<W, E> {
  /** The C function that begins it. */
  readonly operation: string;
  start(): RequestMessage<void>;
  stop(): RequestMessage<void>;
  /** Of nothing told yet. */
  picture(): TrackingPicture<W, E>;
  overflow(dropped: number): E;
}

type State =
  | { readonly name: 'off' }
  /** corosync is being asked; events may be here before its answer. */
  | { readonly name: 'starting'; readonly started: Promise<void> }
  | { readonly name: 'on' }
  | { readonly name: 'stopping'; readonly stopped: Promise<void> }
  | { readonly name: 'ended'; readonly error: ConnectionError | undefined };

/** One tracking at corosync, which allows one for each connection, for any number of trackers here. */
export class SharedTracking<W, E> {
  readonly #kind: TrackingKind<W, E>;
  readonly #trackers = new Set<SharingTracker<E>>();
  #state: State = { name: 'off' };
  #picture: TrackingPicture<W, E>;
  readonly #trackRule = object<ServiceTrackOptions<E>, typeof READER_DEFAULTS>(
    'track',
    { ...CALL_RULES, ...readerRules<E>() },
    { defaults: READER_DEFAULTS },
  );

  constructor(kind: TrackingKind<W, E>) {
    this.#kind = kind;
    this.#picture = kind.picture();
  }

  /**
   * Adds a tracker. Its snapshot is corosync's if it is the first one, and else what was told last.
   * @throws CsError CS_ERR_INVALID_PARAM: an option is wrong
   */
  async add(service: ServiceClient, options: ServiceTrackOptions<E>): Promise<ServiceTracker<E>> {
    const { operation } = this.#kind;
    const { signal: given, timeoutMs: limit, ...reader } = checkOptions(this.#kind, options, this.#trackRule);
    const { timeoutMs, signal } = service.limits({ signal: given, timeoutMs: limit }, operation);
    const startedAt = performance.now();
    const tracker = new SharingTracker<E>(operation, reader, {
      catchUp: (dropped) => [this.#kind.overflow(dropped), ...this.#picture.snapshot()],
      remove: (closed) => this.#remove(service, closed),
    });
    try {
      await within(this.#join(service, tracker), {
        operation,
        timeoutMs,
        signal,
        startedAt,
        sent: 'unknown',
      });
    } catch (error) {
      await tracker.close();
      throw error;
    }
    return tracker;
  }

  /** An event of corosync's; one that was on its way when the tracking was stopped is dropped. */
  told(event: W): void {
    if (this.#state.name !== 'starting' && this.#state.name !== 'on') return;
    const told = this.#picture.told(event);
    for (const tracker of this.#trackers) tracker.events.push(told);
  }

  ended(error: ConnectionError | undefined): void {
    this.#state = { name: 'ended', error };
    for (const tracker of this.#trackers) tracker.events.end(error);
    this.#trackers.clear();
  }

  /** The request belongs to all trackers that wait for it: no caller's signal or deadline ends it. */
  async #join(service: ServiceClient, tracker: SharingTracker<E>): Promise<void> {
    while (this.#state.name === 'stopping') await this.#state.stopped;
    if (tracker.closed) return;
    this.#trackers.add(tracker);
    if (this.#state.name === 'off') this.#state = { name: 'starting', started: this.#start(service) };
    else for (const event of this.#picture.snapshot()) tracker.events.push(event);
    if (this.#state.name === 'starting') await this.#state.started;
    if (this.#state.name === 'ended') await this.#request(service); // fails, and says why
  }

  async #start(service: ServiceClient): Promise<void> {
    this.#picture = this.#kind.picture();
    try {
      await this.#request(service);
    } catch (error) {
      if (this.#state.name === 'starting') this.#state = { name: 'off' };
      throw error;
    }
    if (this.#state.name !== 'starting') return;
    this.#state = { name: 'on' };
    void this.#stopIfUnused(service);
  }

  #request(service: ServiceClient): Promise<void> {
    return service.submit(this.#kind.start(), { timeoutMs: Infinity });
  }

  async #remove(service: ServiceClient, tracker: SharingTracker<E>): Promise<void> {
    this.#trackers.delete(tracker);
    await this.#stopIfUnused(service);
  }

  async #stopIfUnused(service: ServiceClient): Promise<void> {
    if (this.#trackers.size > 0 || this.#state.name !== 'on') return;
    const stopped = this.#stop(service);
    this.#state = { name: 'stopping', stopped };
    await stopped;
  }

  async #stop(service: ServiceClient): Promise<void> {
    try {
      await service.release(this.#kind.stop());
    } catch {
      // The connection is in trouble, and says so elsewhere; nobody listens any more in any case.
    }
    // What corosync had sent before it stopped is still to be read, and must not be taken for the next snapshot.
    await new Promise((resolve) => setImmediate(resolve));
    if (this.#state.name === 'stopping') this.#state = { name: 'off' };
  }
}

/** What a tracker needs of the tracking that it shares. */
interface Shared<E> {
  catchUp(dropped: number): E[];
  remove(tracker: SharingTracker<E>): Promise<void>;
}

class SharingTracker<E> implements ServiceTracker<E> {
  readonly events: Subscription<E>;
  readonly #shared: Shared<E>;
  #closed = false;

  constructor(operation: string, reader: CheckedReaderOptions<E>, shared: Shared<E>) {
    this.#shared = shared;
    this.events = new Subscription<E>({
      ...reader,
      operation,
      catchUp: (dropped) => shared.catchUp(dropped),
      onReturn: () => this.close(),
    });
  }

  get closed(): boolean {
    return this.#closed;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.events.clear();
    this.events.end();
    await this.#shared.remove(this);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  [Symbol.asyncIterator](): AsyncIterator<E> {
    return this.events[Symbol.asyncIterator]();
  }
}
