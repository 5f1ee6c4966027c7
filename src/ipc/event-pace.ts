/** From here on waking up for each event costs more than the events themselves: 10 us, and as much of corosync's own time. */
const FAST_PER_MS = 50;

/** The least that Node's timers can, which is 2 ms at worst. */
const REST_MS = 1;
const LONGEST_REST_MS = 2;

/**
 * How long to leave corosync's events alone after some have been taken. While they come fast, a rest of a millisecond lets many
 * gather for one wake-up, as network drivers do; corosync then has less to do, too. A single event is never kept waiting,
 * and what gathers must stay within half the ring: what does not fit piles up in corosync's heap.
 */
export class EventPace {
  readonly #mostBytes: number;
  #lastAt = -Infinity;

  constructor(ringBytes: number) {
    this.#mostBytes = ringBytes / 2;
  }

  /** Milliseconds of rest after a drain at `now` that took `events` of together `bytes`. */
  restAfter(events: number, bytes: number, now: number): number {
    const elapsedMs = Math.max(now - this.#lastAt, 0.001);
    this.#lastAt = now;
    if (events < FAST_PER_MS * elapsedMs) return 0;
    const expectedBytes = (bytes / elapsedMs) * LONGEST_REST_MS;
    return bytes + expectedBytes <= this.#mostBytes ? REST_MS : 0;
  }
}
