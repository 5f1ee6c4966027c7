import { WAIT, WaitLadder } from '../calls/wait-ladder.ts';
import { foreignDatagram } from './foreign-datagram.ts';

/** Looks in vain, one after the other, before it is clear that no quiet moment comes: in a flood of corosync's own a few are enough. */
export const MOST_LOOKS = 20_000;

/**
 * Lets through the events that are corosync's. Any local user can write to our socket; but corosync counts its events in the control file,
 * which nobody else can write. So what has come is believed as a whole: when corosync had counted as many, and the next look at the
 * socket finds nothing more. All that it had counted has then been read, and leaves no place for anything else.
 */
export class EventGate {
  readonly #eventsSent: () => number;
  readonly #deliver: (event: Buffer) => void;
  readonly #onFailure: (cause: unknown) => void;
  readonly #ladder = new WaitLadder(() => this.#check());
  /** Until a check, or until what it found is confirmed. */
  #immediate: NodeJS.Immediate | undefined;
  #events: Buffer[] = [];
  /** As corosync's counter, modulo 2^32. */
  #believed = 0;
  /** On the clock of `performance.now()`: when there was one more than corosync counts, and nothing has been believed since. */
  #tooManySince: number | undefined;
  /** Looks at the socket that found more, since something was believed. */
  #looks = 0;
  #stopped = false;

  /**
   * @param eventsSent how many events corosync has sent on this connection, modulo 2^32
   * @param deliver gets the events that are corosync's, one by one in order
   */
  constructor(
    eventsSent: () => number,
    deliver: (event: Buffer) => void,
    onFailure: (cause: unknown) => void,
  ) {
    this.#eventsSent = eventsSent;
    this.#deliver = deliver;
    this.#onFailure = onFailure;
  }

  receive(datagram: Buffer): void {
    if (this.#stopped) return;
    this.#events.push(datagram);
    this.#immediate ??= setImmediate(() => this.#check());
  }

  /** corosync is gone, and its counter final: lets through what it had sent, if that is all there is. */
  finish(): void {
    try {
      if (!this.#stopped && this.#surplus() === 0) this.#pass();
    } catch {
      // The connection is over: its error says more.
    }
    this.stop();
  }

  stop(): void {
    this.#stopped = true;
    this.#events = [];
    this.#ladder.cancel();
    clearImmediate(this.#immediate);
  }

  /** How many more have come than corosync counts. */
  #surplus(): number {
    return this.#events.length - ((this.#eventsSent() - this.#believed) | 0);
  }

  /** Comes after the ticks of a poll, or as an immediate: the next poll is still to come. */
  #check(): void {
    this.#immediate = undefined;
    if (this.#stopped) return;
    this.#ladder.cancel();
    try {
      const surplus = this.#surplus();
      if (surplus > 0) this.#waitForCount(surplus);
      // Where some are still in the socket, their arrival leads back here.
      else if (surplus === 0 && this.#events.length > 0) this.#confirm(this.#events.length);
    } catch (cause) {
      this.#onFailure(cause);
    }
  }

  /**
   * Looks at the socket once more. The package hands on what it has read in a tick, and not every Node runs ticks before the first
   * immediate of a turn: so the end is a tick, too, behind all of those.
   */
  #confirm(count: number): void {
    const end = (): void => {
      this.#immediate = undefined;
      if (this.#stopped) return;
      this.#looks += 1;
      if (this.#events.length === count) this.#pass();
      else if (this.#looks < MOST_LOOKS) this.#check();
      else this.#onFailure(foreignDatagram());
    };
    this.#immediate = setImmediate(() => process.nextTick(end));
  }

  /** corosync counts an event after it has sent it, one at a time: for a moment there is one more than it counts. */
  #waitForCount(surplus: number): void {
    const now = performance.now();
    this.#tooManySince ??= now;
    const waitedMs = now - this.#tooManySince;
    if (surplus > 1 || waitedMs >= WAIT.lostMs) throw foreignDatagram();
    this.#ladder.wait(waitedMs);
  }

  /** Nothing has come since corosync's count was what had come. */
  #pass(): void {
    const events = this.#events;
    this.#events = [];
    this.#believed = (this.#believed + events.length) | 0;
    this.#tooManySince = undefined;
    this.#looks = 0;
    this.#ladder.reset();
    for (const event of events) this.#deliver(event);
  }
}
