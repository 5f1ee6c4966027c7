/**
 * How to wait for answers, which nobody announces. While corosync is quick (it answers in 5 to 50 us) a short spin
 * in the same turn is cheapest; then the event loop turns between looks; then timers back off, so that
 * a corosync that is paused costs next to nothing, and one that lacks a processor gets ours.
 */
export const WAIT = {
  /** Microseconds without progress for which answers are looked for in the same turn, after a batch or an answer. */
  spinUs: 60,
  /** Milliseconds without progress during which the loop turns freely between looks. */
  immediateMs: 1,
  firstTimerMs: 1,
  lastTimerMs: 16,
  /** Milliseconds for which a look at the flow-control word is good, while answers keep coming. */
  flowControlMs: 1,
  /** Milliseconds after the last answer from which on corosync may have had other things to do. */
  pauseMs: 0.1,
  /** Milliseconds without progress after which it is asked whether answers have been lost. */
  lostMs: 1000,
  /** Milliseconds of one turn of the event loop that all connections may take together before others get theirs. */
  turnMs: 4,
  /** Milliseconds for which one of them may go on before the next one that waits. */
  connectionMs: 0.5,
} as const;

/** One wake-up at a time: an immediate, or a timer that backs off. */
export class WaitLadder {
  readonly #wake: () => void;
  #immediate: NodeJS.Immediate | undefined;
  #timer: NodeJS.Timeout | undefined;
  #timerMs: number = WAIT.firstTimerMs;
  #keepsProcess = true;
  readonly #eagerMs: number;

  /** @param eagerMs milliseconds without progress before timers back off */
  constructor(wake: () => void, eagerMs = 0) {
    this.#wake = wake;
    this.#eagerMs = eagerMs;
  }

  /** Progress was made: the next wait starts at the quick end. */
  reset(): void {
    this.#timerMs = WAIT.firstTimerMs;
  }

  /** Wakes once. `idleMs` is the time since the last progress. */
  wait(idleMs: number): void {
    this.cancel();
    if (idleMs < WAIT.immediateMs && this.#keepsProcess) {
      this.#immediate = setImmediate(this.#wake);
      return;
    }
    this.#timer = setTimeout(this.#wake, this.#timerMs);
    if (!this.#keepsProcess) this.#timer.unref();
    if (idleMs >= this.#eagerMs) this.#timerMs = Math.min(this.#timerMs * 2, WAIT.lastTimerMs);
  }

  /** From now on it does not keep the process alive. */
  unref(): void {
    this.#keepsProcess = false;
    this.#timer?.unref();
  }

  cancel(): void {
    clearImmediate(this.#immediate);
    clearTimeout(this.#timer);
    this.#immediate = undefined;
    this.#timer = undefined;
  }
}
