/** Does some work again and again, each time so long after the last time; until it is stopped, or fails. */
export class Repetition {
  readonly #work: () => Promise<unknown>;
  readonly #pauseMs: number;
  readonly #onFailure: (error: unknown) => void;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(work: () => Promise<unknown>, pauseMs: number, onFailure: (error: unknown) => void) {
    this.#work = work;
    this.#pauseMs = pauseMs;
    this.#onFailure = onFailure;
  }

  /** The first time is after the first pause. */
  start(): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#work().then(() => this.start(), this.#onFailure);
    }, this.#pauseMs);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }
}
