/** Milliseconds without a backlog after which it is told to be over: in a flood, one follows the other. */
const CALM_MS = 250;

/** When to tell that notifications wait inside corosync, and that none do any more. */
export class BacklogStatus {
  readonly #tell: () => void;
  #calm: NodeJS.Timeout | undefined;

  constructor(tell: () => void) {
    this.#tell = tell;
  }

  /** One has begun, or is over. */
  turned(behind: boolean): void {
    clearTimeout(this.#calm);
    if (behind) this.#tell();
    else this.#calm = setTimeout(this.#tell, CALM_MS).unref();
  }

  stop(): void {
    clearTimeout(this.#calm);
  }
}
