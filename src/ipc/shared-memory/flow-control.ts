import { WAIT } from '../calls/wait-ladder.ts';
import type { RequestRing } from './request-ring.ts';

/**
 * Whether corosync takes requests now. To look costs as much as any other step of a call, and the answer that has just come tells the same. But for a
 * message that is never answered there is none to tell that corosync has dropped it.
 */
export class FlowControl {
  readonly #requests: RequestRing;
  #lookedAt = -Infinity;
  #looksAlways = false;

  constructor(requests: RequestRing) {
    this.#requests = requests;
  }

  /** From now on it looks before each post. */
  lookAlways(): void {
    this.#looksAlways = true;
  }

  get looksAlways(): boolean {
    return this.#looksAlways;
  }

  /** @param idleMs milliseconds since the last answer */
  mustHold(now: number, idleMs: number): boolean {
    const isFresh = idleMs < WAIT.pauseMs && now - this.#lookedAt < WAIT.flowControlMs;
    if (isFresh && !this.#looksAlways) return false;
    const mustHold = this.#requests.flowControl() !== 0;
    this.#lookedAt = mustHold ? -Infinity : now;
    return mustHold;
  }
}
