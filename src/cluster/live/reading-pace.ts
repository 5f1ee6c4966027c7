/** So many readings may follow each other at once: a change is told in two or three parts. */
const BURST = 4;
/** After them, one in so many milliseconds. */
const EVERY_MS = 500;

/** Holds readings back while something changes all the time: a reading asks corosync hundreds of times. */
export class ReadingPace {
  #owed = 0;
  #at = 0;

  /** A reading is to begin. @param now in milliseconds @returns how long it has to wait before */
  next(now: number): number {
    this.#owed = Math.max(this.#owed - (now - this.#at) / EVERY_MS, 0) + 1;
    this.#at = now;
    return Math.max(this.#owed - BURST, 0) * EVERY_MS;
  }
}
