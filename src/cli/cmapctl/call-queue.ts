/** How many calls may be under way at once: enough to keep the connection busy, little enough to hold. */
const MAX_UNDER_WAY = 512;

interface Failure {
  readonly call: number;
  readonly error: unknown;
  readonly failed: (error: unknown) => void;
}

/** Calls that were sent one behind the other; their failures are looked at in that order. */
export class CallQueue {
  #calls = 0;
  #underWay = 0;
  #failures: Failure[] = [];
  #whenDone: () => void = () => undefined;
  readonly #done = (): void => {
    this.#underWay -= 1;
    if (this.#underWay === 0) this.#whenDone();
  };

  /** `failed` runs when its turn comes, and ends `drain` if it throws. Returns true if `drain` is due. */
  add(done: Promise<void>, failed: (error: unknown) => void): boolean {
    const call = this.#calls++;
    this.#underWay += 1;
    // One promise for each call, rather than the four that Promise.allSettled takes.
    void done.then(this.#done, (error: unknown) => {
      this.#failures.push({ call, error, failed });
      this.#done();
    });
    return this.#underWay >= MAX_UNDER_WAY;
  }

  async drain(): Promise<void> {
    if (this.#underWay > 0) await new Promise<void>((resolve) => (this.#whenDone = resolve));
    const failures = this.#failures.sort((one, other) => one.call - other.call);
    this.#failures = [];
    for (const { error, failed } of failures) failed(error);
  }
}
