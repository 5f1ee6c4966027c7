interface Waiting<E> {
  readonly resolve: (result: IteratorResult<E, undefined>) => void;
  readonly reject: (error: Error) => void;
}

/**
 * The reading side of a stream of events: takes what is there from `shift`, or waits until somebody calls `wake`. What was
 * there when the stream ended is still read.
 */
export class EventReader<E> implements AsyncIterableIterator<E, undefined> {
  readonly #shift: () => E | undefined;
  readonly #onReturn: () => void | Promise<void>;
  readonly #waiting: Waiting<E>[] = [];
  #ended = false;
  #error: Error | undefined;
  #isLeft = false;
  #isToldEnd = false;

  /** @param onReturn called when the reader leaves its loop */
  constructor(shift: () => E | undefined, onReturn: () => void | Promise<void> = () => undefined) {
    this.#shift = shift;
    this.#onReturn = onReturn;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Whether its loop was left, or has been told of the end: it takes nothing more. */
  get isOver(): boolean {
    return this.#isLeft || this.#isToldEnd;
  }

  /** There may be something to read. */
  wake(): void {
    for (let waiting = this.#waiting[0]; waiting !== undefined; waiting = this.#waiting[0]) {
      const event = this.#shift();
      if (event === undefined) return;
      this.#waiting.shift();
      waiting.resolve({ done: false, value: event });
    }
  }

  end(error?: Error): void {
    if (this.#ended) return;
    this.wake();
    this.#ended = true;
    this.#error = error;
    for (const waiting of this.#waiting.splice(0)) this.#settle(waiting);
  }

  next(): Promise<IteratorResult<E, undefined>> {
    if (this.#isLeft) return Promise.resolve({ done: true, value: undefined });
    const event = this.#waiting.length === 0 ? this.#shift() : undefined;
    if (event !== undefined) return Promise.resolve({ done: false, value: event });
    return new Promise((resolve, reject) => {
      const waiting = { resolve, reject };
      if (this.#ended) this.#settle(waiting);
      else this.#waiting.push(waiting);
    });
  }

  async return(): Promise<IteratorResult<E, undefined>> {
    this.#isLeft = true;
    await this.#onReturn();
    this.end();
    return { done: true, value: undefined };
  }

  #settle({ resolve, reject }: Waiting<E>): void {
    this.#isToldEnd = true;
    if (this.#error === undefined) resolve({ done: true, value: undefined });
    else reject(this.#error);
  }
}
