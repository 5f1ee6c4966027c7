import type { AnyMessage } from '../../codec/message.ts';

/** Milliseconds for which a batch of changes waits at most: what holds it up may be others' changes, and last. */
export const HOLD_MS = 50;
/** Changes in one batch, once notifications had to wait: from there on it is not bounded here, and the least however many notifications each causes. */
const [MOST, LEAST] = [128, 8];

/**
 * Holds changes back while notifications wait inside corosync. Each change can cause as many as there are trackers, and corosync queues what we
 * have not read in its heap, without bound: who writes faster than he reads would take all memory of the node.
 *
 * How many changes go out together follows from what came of it: half as many after each time that notifications had to wait, twice as
 * many after each batch without.
 */
export class ChangePace {
  #behind = false;
  #most = Infinity;
  /** Changes in the batch. */
  #taken = 0;
  #holdTimer: NodeJS.Timeout | undefined;
  /** The held ones have waited long enough. */
  #overdue = false;
  #wake: () => void = () => undefined;

  /** @param wake called when a change that had to wait may go out */
  onFree(wake: () => void): void {
    this.#wake = wake;
  }

  /** Whether a change waits for notifications to come in. */
  get holds(): boolean {
    return this.#holdTimer !== undefined;
  }

  /** Whether the request may go out in the batch as it stands; if it must wait, there will be a call when it need not any more. */
  admits({ changes }: AnyMessage): boolean {
    if (changes !== true) return true;
    if (this.#taken >= this.#most) return false;
    if (!this.#behind || this.#overdue || this.#taken > 0) return true;
    this.#holdTimer ??= setTimeout(() => {
      this.#overdue = true;
      this.#free();
    }, HOLD_MS);
    return false;
  }

  /** The request is part of the batch. */
  took({ changes }: AnyMessage): void {
    if (changes === true) this.#taken += 1;
  }

  /** The batch has all its answers. */
  batchOver(): void {
    if (this.#taken > 0 && !this.#behind) this.#most = this.#most >= MOST ? Infinity : this.#most * 2;
    if (this.#taken > 0) this.#overdue = false;
    this.#taken = 0;
  }

  /** @param behind whether notifications wait inside corosync */
  turned(behind: boolean): void {
    this.#behind = behind;
    if (behind) this.#most = Math.max(Math.min(this.#most, MOST) >> 1, LEAST);
    else if (this.holds) this.#free();
  }

  /** The connection is closed. */
  stop(): void {
    clearTimeout(this.#holdTimer);
    this.#holdTimer = undefined;
    this.#wake = () => undefined;
  }

  #free(): void {
    clearTimeout(this.#holdTimer);
    this.#holdTimer = undefined;
    this.#wake();
  }
}
