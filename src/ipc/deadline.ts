import { CsError } from '../errors/index.ts';

/** A signal that fires when the caller aborts or the time is up; `dispose` leaves no timer and no listener behind. */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #userSignal: AbortSignal | undefined;
  readonly #timer: NodeJS.Timeout | undefined;

  constructor(operation: string, timeoutMs: number, userSignal: AbortSignal | undefined) {
    this.#userSignal = userSignal;
    if (timeoutMs !== Infinity) {
      this.#timer = setTimeout(() => this.#controller.abort(timedOut(operation, timeoutMs)), timeoutMs);
    }
    if (userSignal?.aborted === true) this.#onAbort();
    else userSignal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#userSignal?.removeEventListener('abort', this.#onAbort);
  }

  readonly #onAbort = (): void => this.#controller.abort(this.#userSignal?.reason);
}

function timedOut(operation: string, timeoutMs: number): CsError {
  return new CsError('CS_ERR_TIMEOUT', {
    operation,
    detail: `corosync has not answered within ${timeoutMs} ms`,
  });
}
