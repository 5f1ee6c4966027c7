/** How often a corosync that is paused is asked again, in milliseconds. */
const RETRY_MS = 2;

/**
 * What corosync sends to all nodes, itself too: it comes back in a later turn of the main loop, in order. So a request is answered before
 * what it asks for has happened.
 */
export class Totem {
  readonly #isPaused: () => boolean;
  readonly #messages: (() => void)[] = [];
  #wait: NodeJS.Immediate | NodeJS.Timeout | undefined;
  #closed = false;
  #held = false;

  constructor(isPaused: () => boolean) {
    this.#isPaused = isPaused;
  }

  /** Whether everything that was sent has come back. */
  get idle(): boolean {
    return this.#messages.length === 0;
  }

  send(deliver: () => void): void {
    if (this.#closed) return;
    this.#messages.push(deliver);
    this.#wait ??= setImmediate(this.#turn);
  }

  /** The token is away: what is sent is taken, and waits. */
  hold(): void {
    this.#held = true;
  }

  /** The token is back. */
  release(): void {
    this.#held = false;
    this.#wait ??= setImmediate(this.#turn);
  }

  /** Delivers at once what has been sent. */
  flush(): void {
    if (this.#held) return;
    for (let deliver = this.#messages.shift(); deliver !== undefined; deliver = this.#messages.shift())
      deliver();
  }

  close(): void {
    this.#closed = true;
    this.#messages.length = 0;
    clearImmediate(this.#wait as NodeJS.Immediate | undefined);
    clearTimeout(this.#wait as NodeJS.Timeout | undefined);
  }

  readonly #turn = (): void => {
    this.#wait = undefined;
    if (this.#isPaused()) {
      this.#wait = setTimeout(this.#turn, RETRY_MS).unref();
      return;
    }
    if (this.#held) return;
    for (let rest = this.#messages.length; rest > 0; rest--) this.#messages.shift()?.();
    if (!this.idle) this.#wait = setImmediate(this.#turn);
  };
}
