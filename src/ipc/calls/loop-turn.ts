import { WAIT } from './wait-ladder.ts';

/** Of Node itself, also while a program's tests have put their own in its place: what is shared must not be lost with them. */
const nextTurn = setImmediate;

/** What a connection does next: it sends a batch and takes the answers that come at once. */
type Step = () => void;

/**
 * Turns of the event loop, as the connections of a thread share them: however many they are, together they take a few milliseconds of each
 * turn, and the program gets the rest. They are served one after the other in the order in which they came, each for a moment at
 * a time: going on with the same one costs a third less than another, whose memory is in no cache any more.
 */
export class LoopTurn {
  /** Those that are served now, and those that have come since. */
  #round: Step[] = [];
  #next: Step[] = [];
  #served = 0;
  #scheduled = false;
  #startedAt = 0;
  #end: NodeJS.Immediate | undefined;
  #current: Step | undefined;
  #currentSince = 0;
  #goesOn = false;
  readonly #clock: () => number;

  /** @param clock milliseconds, on the clock of `performance.now()` */
  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock;
  }

  /** From now on this turn's time counts: a connection has sent or received something. */
  begin(now: number): void {
    if (this.#end !== undefined) return;
    this.#startedAt = now;
    this.#end = nextTurn(() => {
      this.#end = undefined;
      if (!this.#goesOn) this.#current = undefined;
    });
  }

  /** Whether the connections have had their share of this turn. */
  isSpent(now: number): boolean {
    return this.#end !== undefined && now - this.#startedAt >= WAIT.turnMs;
  }

  /** Calls back when this turn's callers are done and it is the step's turn. */
  enqueue(step: Step): void {
    if (step === this.#current && this.#clock() - this.#currentSince < WAIT.connectionMs) this.#goesOn = true;
    else this.#next.push(step);
    this.#schedule(queueMicrotask);
  }

  #schedule(soon: (serve: () => void) => void): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    if (this.isSpent(this.#clock())) nextTurn(this.#serve);
    else soon(this.#serve);
  }

  readonly #serve = (): void => {
    this.#scheduled = false;
    const now = this.#clock();
    if (this.isSpent(now)) return this.#schedule(queueMicrotask);
    this.begin(now);
    if (!this.#goesOn) this.#takeNext(now);
    this.#goesOn = false;
    try {
      this.#current?.();
    } finally {
      if (this.#served < this.#round.length || this.#next.length > 0) this.#schedule(whenCallersAreDone);
    }
  };

  #takeNext(now: number): void {
    if (this.#served === this.#round.length) {
      this.#round = this.#next;
      this.#next = [];
      this.#served = 0;
    }
    this.#current = this.#round[this.#served++];
    this.#currentSince = now;
  }
}

/** Of this thread. A second copy of the library takes as much again. */
export const loopTurn = new LoopTurn();

/** Ticks come when no microtask is left: whoever got an answer has then made his next call. */
function whenCallersAreDone(serve: () => void): void {
  process.nextTick(() => queueMicrotask(serve));
}
