/** Does something after a while; a failure is the owner's to deal with, unless it has been closed. */
export class Later {
  readonly #failed: (error: unknown) => void;
  readonly #timers = new Set<NodeJS.Timeout>();
  #closed = false;

  constructor(failed: (error: unknown) => void) {
    this.#failed = failed;
  }

  get closed(): boolean {
    return this.#closed;
  }

  do(then: () => Promise<void>, ms: number): void {
    if (this.#closed) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      then().catch((error: unknown) => {
        if (!this.#closed) this.#failed(error);
      });
    }, ms);
    this.#timers.add(timer);
  }

  close(): void {
    this.#closed = true;
    for (const timer of this.#timers) clearTimeout(timer);
  }
}
