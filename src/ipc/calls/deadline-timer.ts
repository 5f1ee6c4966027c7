const MAX_TIMEOUT_MS = 0x7fffffff;

/** One timer for all calls of a connection, set to the earliest deadline. */
export class DeadlineTimer {
  readonly #onDeadline: () => void;
  #timer: NodeJS.Timeout | undefined;
  #armedAt = Infinity;

  constructor(onDeadline: () => void) {
    this.#onDeadline = onDeadline;
  }

  /** Makes sure that the callback runs at `at` (on the clock of `performance.now()`) or earlier. */
  arm(at: number): void {
    if (at >= this.#armedAt) return;
    this.clear();
    this.#armedAt = at;
    const delay = Math.min(Math.max(Math.ceil(at - performance.now()), 0), MAX_TIMEOUT_MS);
    this.#timer = setTimeout(() => {
      this.#armedAt = Infinity;
      this.#timer = undefined;
      this.#onDeadline();
    }, delay);
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#armedAt = Infinity;
  }
}
