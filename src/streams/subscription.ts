import { CsError } from '../errors/index.ts';
import { callListener } from './call-listener.ts';
import { EventReader } from './event-reader.ts';
import { Fifo } from './fifo.ts';

/** How a subscription serves its reader. */
export interface SubscriptionOptions<E> {
  /** The C function behind it, for errors: `'quorum_trackstart'`. */
  readonly operation: string;
  /** Gets every event in the turn in which it comes. Without one, the events wait for a loop. */
  readonly listener?: ((event: E) => void) | undefined;
  /** How many unread events are kept for a loop. */
  readonly maxQueued: number;
  /** What a loop that lagged gets when it has read what was kept: it has missed so many events. */
  readonly catchUp: (missed: number) => readonly E[];
  /** The loop has been left. */
  readonly onReturn: () => void | Promise<void>;
}

/**
 * One reader's events, in order: a listener, or one `for await` loop. A loop that lags costs bounded memory: beyond the limit events are
 * dropped and counted, and it is told when it has caught up.
 */
export class Subscription<E> implements AsyncIterable<E> {
  readonly #options: SubscriptionOptions<E>;
  readonly #queue = new Fifo<E>();
  readonly #reader: EventReader<E>;
  #missed = 0;
  #hasReader = false;
  #ended = false;

  constructor(options: SubscriptionOptions<E>) {
    this.#options = options;
    this.#reader = new EventReader(
      () => this.#shift(),
      () => options.onReturn(),
    );
  }

  push(event: E): void {
    if (this.#ended) return;
    if (this.#options.listener !== undefined) return callListener(this.#options.listener, event);
    if (this.#missed > 0 || this.#queue.length >= this.#options.maxQueued) this.#missed += 1;
    else this.#queue.push(event);
    this.#reader.wake();
  }

  /** What has not been read can still be read; after that the loop ends, or throws `error`. */
  end(error?: Error): void {
    this.#ended = true;
    this.#reader.end(error);
  }

  /** Nobody will read it. */
  clear(): void {
    this.#queue.clear();
    this.#missed = 0;
  }

  [Symbol.asyncIterator](): AsyncIterator<E, undefined> {
    if (this.#options.listener !== undefined)
      throw this.#misused('CS_ERR_INVALID_PARAM', 'has a listener, so that its events go there');
    if (this.#hasReader)
      throw this.#misused('CS_ERR_BUSY', 'has a reader already; make another one for another reader');
    this.#hasReader = true;
    return this.#reader;
  }

  #shift(): E | undefined {
    const event = this.#queue.shift();
    if (event !== undefined || this.#missed === 0) return event;
    const missed = this.#missed;
    this.#missed = 0;
    for (const told of this.#options.catchUp(missed)) this.#queue.push(told);
    return this.#queue.shift();
  }

  #misused(code: 'CS_ERR_INVALID_PARAM' | 'CS_ERR_BUSY', why: string): CsError {
    return new CsError(code, { operation: this.#options.operation, detail: `this one ${why}` });
  }
}
