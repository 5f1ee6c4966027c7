/** An event loop that was busy has answers to read before it can say that there are none. */
const GRACE_MS = 20;

export interface AlarmSink {
  /** A moment has come for which it was armed. */
  look(): void;
  /** Nothing has been heard for too long. */
  silent(): void;
}

/** Looks again when the silence has been too long, or when one of some moments has come. */
export class Alarm {
  readonly #staleAfterMs: number;
  readonly #sink: AlarmSink;
  /** On the clock of performance.now(), as all moments here. */
  #heardAt = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(staleAfterMs: number, sink: AlarmSink) {
    this.#staleAfterMs = staleAfterMs;
    this.#sink = sink;
  }

  heard(): void {
    this.#heardAt = performance.now();
  }

  /** @param moments those that are over do not count */
  arm(moments: readonly number[]): void {
    clearTimeout(this.#timer);
    const now = performance.now();
    const later = moments.filter((at) => at > now).map((at) => at - now);
    const waitMs = Math.max(Math.min(this.#heardAt + this.#staleAfterMs - now, ...later), 0);
    this.#timer = setTimeout(() => this.#look(), waitMs + 1);
  }

  clear(): void {
    clearTimeout(this.#timer);
  }

  #look(): void {
    const heardAt = this.#heardAt;
    if (performance.now() < heardAt + this.#staleAfterMs) return this.#sink.look();
    this.#timer = setTimeout(() => {
      if (this.#heardAt === heardAt) this.#sink.silent();
    }, GRACE_MS);
  }
}
