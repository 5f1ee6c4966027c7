import { CsError, type Sent } from '../../errors/index.ts';
import { isAborted, reasonOf } from '../../options/signals.ts';
import { onAbort } from './on-abort.ts';

/** The most that a timer can be set to, 24.8 days: beyond it, it would fire at once. Such a deadline is none. */
const MAX_TIMER_MS = 0x7fffffff;

/**
 * A timer that is so late says that the process stood still, or its event loop did. Then timers come before what has arrived on sockets, which may be what
 * is waited for: it counts, too.
 */
const STOOD_STILL_MS = 10;

/** What is waited for, and how long. */
export interface DeadlineOptions {
  readonly operation: string;
  readonly key?: string | undefined;
  /** Milliseconds, or Infinity. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** When the time began, on the clock of `performance.now()`; by default now. */
  readonly startedAt?: number | undefined;
  /** Whether what is waited for has been sent: for the error. Default `'no'`. */
  readonly sent?: Sent | (() => Sent) | undefined;
  /** What has not happened, for the error: it says 'within' behind it. Default: corosync has not answered. */
  readonly missing?: (() => string) | undefined;
}

/** A signal that fires when the caller aborts or the time is up; `dispose` leaves no timer and no listener behind. */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #stopWatching: (() => void) | undefined;
  readonly #timer: NodeJS.Timeout | undefined;
  #lastLook: NodeJS.Immediate | undefined;
  #lastFailure: Error | undefined;

  constructor(options: DeadlineOptions) {
    const { timeoutMs, signal, startedAt } = options;
    const leftMs = startedAt === undefined ? timeoutMs : startedAt + timeoutMs - performance.now();
    if (leftMs <= MAX_TIMER_MS) {
      const dueAt = performance.now() + Math.max(leftMs, 0);
      const expire = (): void => this.#controller.abort(timedOut(options, this.#lastFailure));
      const due = (): void => {
        if (performance.now() - dueAt < STOOD_STILL_MS) expire();
        else this.#lastLook = setImmediate(expire);
      };
      this.#timer = setTimeout(due, Math.max(leftMs, 0));
    }
    if (signal === undefined) return;
    const abort = (reason: unknown): void => this.#controller.abort(reason);
    if (isAborted(signal)) abort(reasonOf(signal));
    else this.#stopWatching = onAbort(signal, abort);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** An attempt has failed, and another one follows: if the time is up before it succeeds, this is why. */
  noteFailure(error: Error): void {
    this.#lastFailure = error;
  }

  dispose(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#lastLook);
    this.#stopWatching?.();
  }
}

/**
 * Waits for `promise` until the time is up or the signal fires; the promise itself goes on.
 * @param onGivenUp called in the same turn
 */
export async function within<T>(
  promise: Promise<T>,
  options: DeadlineOptions,
  onGivenUp?: () => void,
): Promise<T> {
  const deadline = new Deadline(options);
  const { signal } = deadline;
  try {
    return await new Promise<T>((resolve, reject) => {
      promise.then(resolve, reject);
      const giveUp = (): void => {
        reject(signal.reason as Error);
        onGivenUp?.();
      };
      if (signal.aborted) giveUp();
      else signal.addEventListener('abort', giveUp, { once: true });
    });
  } finally {
    deadline.dispose();
  }
}

function timedOut(options: DeadlineOptions, cause: Error | undefined): CsError {
  const { operation, key, timeoutMs, sent, missing } = options;
  const withinMs = `within ${Math.round(timeoutMs)} ms`;
  const detail =
    cause === undefined
      ? `${missing?.() ?? 'corosync has not answered'} ${withinMs}`
      : `no attempt has succeeded ${withinMs}; the last one ended with ${cause.message}`;
  const known = typeof sent === 'function' ? sent() : sent;
  return new CsError('CS_ERR_TIMEOUT', { operation, key, detail, cause, sent: known });
}
