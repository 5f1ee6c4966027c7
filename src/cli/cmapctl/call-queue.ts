/** How many calls may be under way at once: enough to keep the connection busy, little enough to hold. */
const MAX_UNDER_WAY = 512;

interface Call {
  readonly done: Promise<void>;
  readonly failed: (error: unknown) => void;
}

/** Calls that were sent one behind the other, and are looked at in that order. */
export class CallQueue {
  #calls: Call[] = [];

  /** `failed` runs when its turn comes, and ends `drain` if it throws. Returns true if `drain` is due. */
  add(done: Promise<void>, failed: (error: unknown) => void): boolean {
    done.catch(() => undefined);
    this.#calls.push({ done, failed });
    return this.#calls.length >= MAX_UNDER_WAY;
  }

  async drain(): Promise<void> {
    const calls = this.#calls;
    this.#calls = [];
    const outcomes = await Promise.allSettled(calls.map(({ done }) => done));
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome.status === 'rejected') calls[index]?.failed(outcome.reason);
    }
  }
}
