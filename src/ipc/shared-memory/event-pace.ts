/** From here on waking up for each event costs more than the events themselves: 10 us, and as much of corosync's own time. */
const FLOOD_PER_MS = 50;

/** The least that Node's timers can, which is 2 ms at worst; and the least time that tells a flood from a burst. */
const REST_MS = 1;
const LONGEST_REST_MS = 2;

/** For how long rests are left alone after one was in vain: twice as long each time. */
const FIRST_PAUSE_MS = 8;
const LONGEST_PAUSE_MS = 512;

/**
 * How long to leave corosync's events alone after some have been taken. In a flood, a rest of a millisecond lets many
 * gather for one wake-up, as network drivers do; corosync then has less to do, too.
 *
 * A rest is in vain if few events came meanwhile: then whoever makes them waits for their notifications, and was kept waiting.
 * And what gathers must stay within half the ring: what does not fit piles up in corosync's heap.
 */
export class EventPace {
  readonly #mostBytes: number;
  /** What has been taken since `#since`. */
  #events = 0;
  #bytes = 0;
  #since = -Infinity;
  #rested = false;
  #pauseMs = FIRST_PAUSE_MS;
  #noRestUntil = -Infinity;

  constructor(ringBytes: number) {
    this.#mostBytes = ringBytes / 2;
  }

  /**
   * Milliseconds of rest after a drain at `now` that took `events` of together `bytes`.
   * @param left bytes in the ring that corosync has not announced yet: the socket was full, and corosync waits for us to read it
   */
  restAfter(events: number, bytes: number, left: number, now: number): number {
    this.#events += events;
    this.#bytes += bytes;
    const elapsedMs = now - this.#since;
    // A timer may also be early.
    if (elapsedMs < REST_MS && !this.#rested) return 0;
    const isFlood = this.#events >= FLOOD_PER_MS * elapsedMs;
    const expectedBytes = (this.#bytes / elapsedMs) * LONGEST_REST_MS;
    this.#events = 0;
    this.#bytes = 0;
    this.#since = now;
    if (this.#rested) this.#judgeRest(isFlood, now);
    this.#rested = isFlood && left === 0 && now >= this.#noRestUntil && expectedBytes <= this.#mostBytes;
    return this.#rested ? REST_MS : 0;
  }

  #judgeRest(hasPaid: boolean, now: number): void {
    if (!hasPaid) this.#noRestUntil = now + this.#pauseMs;
    this.#pauseMs = hasPaid ? FIRST_PAUSE_MS : Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
  }
}
