import type { ClusterRoundTrips } from '../figures/figures-state.ts';

/** Milliseconds. An answer takes less than one; a corosync that was not scheduled takes hundreds. */
const BOUNDS_MS = [0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000] as const;

/** A histogram of how long corosync took to answer. */
export class RoundTrips {
  readonly #counts = BOUNDS_MS.map(() => 0);
  #count = 0;
  #sumMs = 0;
  #maxMs = 0;

  note(ms: number): void {
    this.#count += 1;
    this.#sumMs += ms;
    this.#maxMs = Math.max(this.#maxMs, ms);
    for (const [index, bound] of BOUNDS_MS.entries()) {
      if (ms <= bound) this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    }
  }

  get histogram(): ClusterRoundTrips {
    const buckets = BOUNDS_MS.map((leMs, index) => Object.freeze({ leMs, count: this.#counts[index] ?? 0 }));
    return Object.freeze({
      count: this.#count,
      sumMs: this.#sumMs,
      maxMs: this.#maxMs,
      buckets: Object.freeze(buckets),
    });
  }
}
