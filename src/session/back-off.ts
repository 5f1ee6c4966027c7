import type { CsError, CsErrorName } from '../errors/index.ts';

/** How long to wait between attempts to connect, in milliseconds; each is varied at random by a quarter either way. */
export interface BackOffLimits {
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
  readonly deniedDelayMs: number;
}

/** corosync logs each of these attempts, so they must be rare. */
const LOGGED: readonly CsErrorName[] = ['CS_ERR_ACCESS', 'CS_ERR_NO_SPACE'];
/** After this many of its longest delays, a connection is taken for a good one. */
const LASTING = 1;
const JITTER = 0.25;

/** Doubles from the first delay to the longest, and starts again after a connection that lasted. */
export class BackOff {
  readonly #limits: BackOffLimits;
  readonly #random: () => number;
  #attempt = 1;

  /** @param random as Math.random, for the jitter */
  constructor(limits: BackOffLimits, random: () => number = Math.random) {
    this.#limits = limits;
    this.#random = random;
  }

  /** Of the attempt that is under way or comes next; counts from 1. */
  get attempt(): number {
    return this.#attempt;
  }

  /** An attempt has failed. */
  failed(error: CsError): number {
    return this.#next(error);
  }

  /** A connection has ended that was good for so long: one that ends at once must not be followed by the next one at once. */
  lost(error: CsError, lastedMs: number): number {
    if (lastedMs >= LASTING * this.#limits.maxDelayMs) this.#attempt = 1;
    return this.#next(error);
  }

  #next(error: CsError): number {
    const { firstDelayMs, maxDelayMs, deniedDelayMs } = this.#limits;
    const doubled = Math.min(firstDelayMs * 2 ** Math.min(this.#attempt - 1, 30), maxDelayMs);
    this.#attempt += 1;
    const delay = LOGGED.includes(error.code) ? deniedDelayMs : doubled;
    return Math.round(delay * (1 - JITTER + 2 * JITTER * this.#random()));
  }
}
