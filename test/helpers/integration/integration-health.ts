import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { PrivateCorosync } from '../corosync/private-corosync.ts';

/** A pause() that may cost a token. corosync gives one up after 3 s; some tests configure 1 s. */
const LONG_PAUSE_MS = 800;

interface ScheduleMiss {
  /** When corosync noticed, in ms since 1970, and for how long it had not run. */
  readonly at: number;
  readonly delayMs: number;
}

/**
 * Whether corosync got to run and kept its token. A stall is a client's fault unless the test itself has paused corosync,
 * or corosync was ready to run all that time and the machine gave it no processor: the kernel counts that as run delay. A corosync
 * that waits for a client sleeps, and has none.
 */
export class Health {
  readonly #corosync: PrivateCorosync;
  #runDelayMs: number;
  #excused = 0;
  #checkedUntil = 0;

  constructor(corosync: PrivateCorosync) {
    this.#corosync = corosync;
    this.#runDelayMs = runDelayMs(corosync.pid);
  }

  /** Looks at what has happened since the last check. */
  async check(): Promise<void> {
    const statistics = await this.#corosync.statistics('stats.');
    const before = this.#runDelayMs;
    this.#runDelayMs = runDelayMs(this.#corosync.pid);
    const starvedMs = this.#runDelayMs - before;
    const news = scheduleMisses(statistics).filter(({ at }) => at > this.#checkedUntil);
    this.#checkedUntil = Math.max(this.#checkedUntil, ...news.map(({ at }) => at));
    const unexplained = news.filter((miss) => !this.#wasPaused(miss) && starvedMs < miss.delayMs / 2);
    expect(unexplained, 'scheduling misses of corosync that nobody asked for').toEqual([]);
    this.#excused += news.length;
    const lost = [...statistics].filter(([key]) => /^stats\.srp\.\w+_token_lost$/.test(key));
    const longPauses = this.#corosync.pauses.filter(({ from, to }) => to - from >= LONG_PAUSE_MS).length;
    const count = lost.reduce((sum, [, value]) => sum + Number(value), 0);
    expect(lost.length).toBeGreaterThan(0);
    const unasked = count - longPauses - this.#excused - this.#forced();
    this.#excused += Math.max(unasked, 0); // it is one test's, not those of all that follow
    expect(unasked, 'tokens lost that nobody asked for').toBeLessThanOrEqual(0);
  }

  /** runtime.force_gather makes corosync give its token up. */
  #forced(): number {
    return this.#corosync.log().split('Forcing into GATHER state').length - 1;
  }

  #wasPaused({ at, delayMs }: ScheduleMiss): boolean {
    return this.#corosync.pauses.some(({ from, to }) => from <= at && to >= at - delayMs);
  }
}

function scheduleMisses(statistics: ReadonlyMap<string, string>): ScheduleMiss[] {
  return [...statistics].flatMap(([key, value]) => {
    const [, index] = /^stats\.schedmiss\.(\d+)\.timestamp$/.exec(key) ?? [];
    if (index === undefined) return [];
    return [{ at: Number(value), delayMs: Number(statistics.get(`stats.schedmiss.${index}.delay`)) }];
  });
}

/** How long a process has been ready to run without a processor, since its start. */
function runDelayMs(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6;
}
