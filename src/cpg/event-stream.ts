import { CsError } from '../errors/index.ts';
import { callListener } from '../streams/call-listener.ts';
import { EventReader } from '../streams/event-reader.ts';
import { Fifo } from '../streams/fifo.ts';

/** What an unread event counts beside its message: about what its objects take. */
const EVENT_BYTES = 256;

/** What a member counts in an event. */
const ADDRESS_BYTES = 64;

/** How a stream serves its reader. */
export interface EventStreamOptions<E> {
  /** Gets every event in the turn in which it comes. Without one, the events wait for a loop. */
  readonly listener?: ((event: E) => void) | undefined;
  /** Bytes of unread events. */
  readonly maxQueuedBytes: number;
  /** Bytes of an event's messages. */
  readonly bytesOf: (event: E) => number;
}

/** What a stream tells of its reader. */
export interface ReaderWatch {
  /** The reader has fallen behind so far that nothing more should be caused, or has caught up. */
  lagging(isLagging: boolean): void;
  /** There is no room for what comes. */
  overflowed(): void;
}

/** The events of a group for one reader, none of which is dropped: beyond its limit it says that it cannot keep them. */
export class EventStream<E> {
  readonly #options: EventStreamOptions<E>;
  readonly #queue = new Fifo<E>();
  #bytes = 0;
  #reader: EventReader<E> | undefined;
  #watch: ReaderWatch | undefined;
  #lags = false;
  #end: { readonly error: Error | undefined } | undefined;

  constructor(options: EventStreamOptions<E>) {
    this.#options = options;
  }

  watch(watch: ReaderWatch): void {
    this.#watch = watch;
    if (this.#lags) watch.lagging(true);
  }

  push(event: E): void {
    if (this.#end !== undefined) return;
    if (this.#options.listener !== undefined) return callListener(this.#options.listener, event);
    this.#queue.push(event);
    this.#bytes += EVENT_BYTES + this.#options.bytesOf(event);
    this.#reader?.wake();
    const { maxQueuedBytes } = this.#options;
    if (!this.#lags && this.#bytes > maxQueuedBytes / 2) this.#setLagging(true);
    // One event there is always room for.
    if (this.#bytes > maxQueuedBytes && this.#queue.length > 1) this.#watch?.overflowed();
  }

  /** What has not been read can still be read; after that the loop ends, or throws `error`. */
  end(error?: Error): void {
    if (this.#end !== undefined) return;
    this.#end = { error };
    this.#reader?.end(error);
  }

  /**
   * One loop at a time; what is unread when it is left is for the next one.
   * @throws CsError CS_ERR_INVALID_PARAM: there is a listener; CS_ERR_BUSY: another loop reads
   */
  read(operation: string): AsyncIterableIterator<E, undefined> {
    if (this.#options.listener !== undefined)
      throw misused(operation, 'CS_ERR_INVALID_PARAM', 'there is a listener, which gets the events');
    if (this.#reader?.isOver === false)
      throw misused(operation, 'CS_ERR_BUSY', 'there is a loop already, which gets the events');
    const reader = new EventReader<E>(() => this.#shift());
    this.#reader = reader;
    if (this.#end !== undefined) reader.end(this.#end.error);
    return reader;
  }

  #shift(): E | undefined {
    const event = this.#queue.shift();
    if (event === undefined) return undefined;
    this.#bytes -= EVENT_BYTES + this.#options.bytesOf(event);
    if (this.#lags && this.#bytes <= this.#options.maxQueuedBytes / 4) this.#setLagging(false);
    return event;
  }

  #setLagging(lags: boolean): void {
    this.#lags = lags;
    this.#watch?.lagging(lags);
  }
}

function misused(operation: string, code: 'CS_ERR_INVALID_PARAM' | 'CS_ERR_BUSY', detail: string): CsError {
  return new CsError(code, { operation, detail });
}

/** Bytes of what an event of a group has in it. */
export function bytesOf(event: {
  readonly kind: string;
  readonly message?: Uint8Array;
  readonly members?: readonly unknown[];
}): number {
  return (event.message?.length ?? 0) + ADDRESS_BYTES * (event.members?.length ?? 0);
}
