/** One thing to do when the event loop has polled, and what it has read has been handed on. */
export class NextPoll {
  #immediate: NodeJS.Immediate | undefined;
  #waiting = 0;

  /**
   * The poll lies between the two immediates. The package hands on what it has read in a tick, and not every Node runs ticks before the
   * first immediate of a turn: so the end is a tick, too, behind all of those.
   */
  after(act: () => void): void {
    this.cancel();
    const number = this.#waiting;
    const end = (): void => {
      if (number !== this.#waiting) return;
      this.#immediate = undefined;
      act();
    };
    this.#immediate = setImmediate(() => {
      this.#immediate = setImmediate(() => process.nextTick(end));
    });
  }

  cancel(): void {
    this.#waiting += 1;
    clearImmediate(this.#immediate);
    this.#immediate = undefined;
  }
}
