import { CsError } from '../errors/index.ts';
import { onAbort } from './on-abort.ts';

/** The most that a timer can be set to, 24.8 days: beyond it, it would fire at once. Such a deadline is none. */
const MAX_TIMER_MS = 0x7fffffff;

/** A signal that fires when the caller aborts or the time is up; `dispose` leaves no timer and no listener behind. */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #stopWatching: (() => void) | undefined;
  readonly #timer: NodeJS.Timeout | undefined;

  constructor(operation: string, timeoutMs: number, userSignal: AbortSignal | undefined) {
    if (timeoutMs <= MAX_TIMER_MS) {
      this.#timer = setTimeout(() => this.#controller.abort(timedOut(operation, timeoutMs)), timeoutMs);
    }
    if (userSignal === undefined) return;
    const abort = (): void => this.#controller.abort(userSignal.reason);
    if (userSignal.aborted) abort();
    else this.#stopWatching = onAbort(userSignal, abort);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#stopWatching?.();
  }
}

/** Waits for `promise` until the time is up or the signal fires; the promise itself goes on. */
export async function within<T>(
  promise: Promise<T>,
  operation: string,
  timeoutMs: number,
  userSignal: AbortSignal | undefined,
): Promise<T> {
  const deadline = new Deadline(operation, timeoutMs, userSignal);
  const { signal } = deadline;
  try {
    return await new Promise<T>((resolve, reject) => {
      promise.then(resolve, reject);
      const giveUp = (): void => reject(signal.reason as Error);
      if (signal.aborted) giveUp();
      else signal.addEventListener('abort', giveUp, { once: true });
    });
  } finally {
    deadline.dispose();
  }
}

function timedOut(operation: string, timeoutMs: number): CsError {
  return new CsError('CS_ERR_TIMEOUT', {
    operation,
    detail: `corosync has not answered within ${Math.round(timeoutMs)} ms`,
  });
}
