/** Measures how long this turn of the event loop has been ours; an immediate ends the turn. */
export class TurnClock {
  #startedAt = 0;
  #immediate: NodeJS.Immediate | undefined;

  /** Milliseconds since the first call in this turn. */
  elapsedMs(now: number): number {
    if (this.#immediate !== undefined) return now - this.#startedAt;
    this.#startedAt = now;
    this.#immediate = setImmediate(() => (this.#immediate = undefined));
    return 0;
  }

  stop(): void {
    clearImmediate(this.#immediate);
    this.#immediate = undefined;
  }
}
