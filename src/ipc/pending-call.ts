import type { RequestMessage } from '../codec/message.ts';
import { CsError } from '../errors/index.ts';
import { onAbort } from './on-abort.ts';

/** A request on its way: waiting to be sent, sent, or settled (answered, failed, timed out, aborted). */
export class PendingCall<T = unknown> {
  readonly message: RequestMessage<T>;
  readonly promise: Promise<T>;
  /** On the clock of `performance.now()`. */
  readonly deadlineAt: number;
  readonly #timeoutMs: number;
  readonly #onAbandonedAnswer: ((value: T) => void) | undefined;
  readonly #stopWatching: (() => void) | undefined;
  #state: 'queued' | 'sent' | 'settled' = 'queued';
  #resolve!: (value: T) => void;
  #reject!: (reason: unknown) => void;

  /**
   * @param onAbandonedAnswer what to do with a good answer that comes after the caller has given up:
   *   a handle that the server has made, say, must be given back.
   */
  constructor(
    message: RequestMessage<T>,
    timeoutMs: number,
    signal: AbortSignal | undefined,
    onAbandonedAnswer?: (value: T) => void,
  ) {
    this.message = message;
    this.#timeoutMs = timeoutMs;
    this.#onAbandonedAnswer = onAbandonedAnswer;
    this.deadlineAt = timeoutMs === Infinity ? Infinity : performance.now() + timeoutMs;
    this.promise = new Promise<T>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    if (signal !== undefined) this.#stopWatching = onAbort(signal, () => this.fail(signal.reason));
  }

  get settled(): boolean {
    return this.#state === 'settled';
  }

  markSent(): void {
    this.#state = 'sent';
  }

  /** A caller that has given up gets nothing; the answer is still consumed, or the next call would be given it. */
  complete(value: T): void {
    if (this.#settle()) this.#resolve(value);
    else this.#onAbandonedAnswer?.(value);
  }

  fail(error: unknown): void {
    if (this.#settle()) this.#reject(error);
  }

  expire(): void {
    const outcome =
      this.#state === 'sent'
        ? 'the request was sent, and may still take effect'
        : 'the request was not sent: earlier ones are still unanswered';
    this.fail(
      new CsError('CS_ERR_TIMEOUT', {
        operation: this.message.operation,
        key: this.message.key,
        detail: `corosync has not answered within ${this.#timeoutMs} ms; ${outcome}`,
      }),
    );
  }

  #settle(): boolean {
    if (this.#state === 'settled') return false;
    this.#state = 'settled';
    this.#stopWatching?.();
    return true;
  }
}
