import type { AnyMessage, RequestMessage, UnansweredMessage } from '../../codec/message.ts';
import { ConnectionError, CsError, type Sent } from '../../errors/index.ts';
import { isAborted, reasonOf } from '../../options/signals.ts';
import { onAbort } from './on-abort.ts';

/** Whether a request goes before all that are queued, or even before those. */
export type Urgency = boolean | 'first';

/** How a request is sent and what becomes of its answer. */
export interface SubmitOptions<T> {
  /** Milliseconds, or Infinity. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Called as soon as the answer is read: what it submits as `urgent: 'first'` is sent before anything that is queued. */
  readonly onAnswer?: ((value: T) => void) | undefined;
  /** What to do with a good answer after the caller has given up: a handle of the server's must be given back. */
  readonly onAbandonedAnswer?: ((value: T) => void) | undefined;
  /**
   * Called once, when nothing can come of the request any more, whether somebody waits for it or not: it has been answered, is not
   * sent after all, or the connection has ended.
   */
  readonly onOver?: ((succeeded: boolean, message: AnyMessage) => void) | undefined;
  readonly urgent?: Urgency | undefined;
  /** Belongs to a call that was made before `close`, and so is let through while closing. */
  readonly followUp?: boolean | undefined;
  /** `close` does not wait for it. */
  readonly background?: boolean | undefined;
}

/** A request on its way: waiting to be sent, sent, or settled (answered, failed, timed out, aborted). */
export class PendingCall<T = unknown> {
  readonly message: RequestMessage<T> | UnansweredMessage;
  readonly promise: Promise<T>;
  /** On the clock of `performance.now()`. */
  readonly deadlineAt: number;
  readonly background: boolean;
  /** Bytes of its answer, if it has one. */
  responseSize: number | undefined;
  readonly #timeoutMs: number;
  readonly #onAnswer: ((value: T) => void) | undefined;
  readonly #onAbandonedAnswer: ((value: T) => void) | undefined;
  readonly #stopWatching: (() => void) | undefined;
  #onOver: ((succeeded: boolean, message: AnyMessage) => void) | undefined;
  #state: 'queued' | 'sent' | 'settled' = 'queued';
  #wasSent = false;
  #resolve!: (value: T) => void;
  #reject!: (reason: unknown) => void;

  constructor(message: RequestMessage<T> | UnansweredMessage, options: SubmitOptions<T>) {
    const { timeoutMs, signal } = options;
    this.message = message;
    this.background = options.background === true;
    this.#timeoutMs = timeoutMs;
    this.#onAnswer = options.onAnswer;
    this.#onAbandonedAnswer = options.onAbandonedAnswer;
    this.#onOver = options.onOver;
    this.deadlineAt = timeoutMs === Infinity ? Infinity : performance.now() + timeoutMs;
    this.promise = new Promise<T>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    if (signal === undefined) return;
    if (isAborted(signal)) this.#giveUp(reasonOf(signal));
    else this.#stopWatching = onAbort(signal, (reason) => this.#giveUp(reason));
  }

  get settled(): boolean {
    return this.#state === 'settled';
  }

  /** What is known of it without corosync: whether it was handed over. */
  get sent(): Sent {
    return this.#wasSent ? 'unknown' : 'no';
  }

  markSent(): void {
    this.#state = 'sent';
    this.#wasSent = true;
  }

  /** A caller that has given up gets nothing; the answer is still consumed, or the next call would be given it. */
  complete(value: T): void {
    this.#over(true);
    if (!this.#settle()) {
      this.#onAbandonedAnswer?.(value);
      return;
    }
    this.#onAnswer?.(value);
    this.#resolve(value);
  }

  /** Has been answered with an error, or refused before it was sent. */
  fail(error: unknown): void {
    this.#over(false);
    if (this.#settle()) this.#reject(error);
  }

  /** The connection is gone, and with it the answer. */
  lose(error: ConnectionError, sent: Sent): void {
    this.#over(false);
    if (this.#state === 'settled') return;
    const { operation, key } = this.message;
    const detail = `${error.detail ?? 'the connection is gone'}; ${this.#outcome(sent, 'may have taken effect')}`;
    const cause = error.cause ?? error;
    this.fail(new ConnectionError(error.code, { operation, key, errno: error.errno, detail, sent, cause }));
  }

  /** @param hindrance why it was not sent, if it was not */
  expire(sent: Sent, hindrance: string): void {
    const why = this.#state === 'queued' ? `: ${hindrance}` : '';
    const { operation, key } = this.message;
    const waited = `corosync has not answered within ${Math.round(this.#timeoutMs)} ms`;
    const detail = `${waited}; ${this.#outcome(sent, 'may still take effect')}${why}`;
    this.#giveUp(new CsError('CS_ERR_TIMEOUT', { operation, key, detail, sent }));
  }

  /** Whoever only reads need not wonder what he has done. */
  #outcome(sent: Sent, effect: string): string {
    if (this.#state === 'queued') return 'the request was not sent';
    if (sent === 'no') return 'the request was not taken, and has no effect';
    return `the request was sent${this.message.changes === true ? `, and ${effect}` : ''}`;
  }

  /** What has been sent may still be answered; what waits will not be sent. */
  #giveUp(reason: unknown): void {
    if (this.#state === 'queued') this.#over(false);
    if (this.#settle()) this.#reject(reason);
  }

  #over(succeeded: boolean): void {
    const onOver = this.#onOver;
    this.#onOver = undefined;
    onOver?.(succeeded, this.message);
  }

  #settle(): boolean {
    if (this.#state === 'settled') return false;
    this.#state = 'settled';
    this.#stopWatching?.();
    return true;
  }
}
