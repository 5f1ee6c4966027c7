/** A course of action that yields the milliseconds it wants to wait, and else runs without a pause. */
export type Steps = Generator<number, void>;

/** Runs one course of action at a time; what is not done when it stops is not done. */
export class StepRunner {
  #timer: NodeJS.Timeout | undefined;
  #steps: Steps | undefined;
  #stopped = false;

  get busy(): boolean {
    return this.#steps !== undefined;
  }

  /** Starts, unless one is under way. */
  run(start: () => Steps): void {
    if (this.#stopped || this.busy) return;
    this.#steps = start();
    this.#go();
  }

  /** Ends a wait before its time. */
  hurry(): void {
    if (this.#timer === undefined || this.#stopped) return;
    clearTimeout(this.#timer);
    this.#go();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  readonly #go = (): void => {
    this.#timer = undefined;
    const next = this.#steps?.next();
    if (next === undefined || next.done === true) this.#steps = undefined;
    else if (!this.#stopped) this.#timer = setTimeout(this.#go, next.value);
  };
}
