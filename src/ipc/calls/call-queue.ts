import { Fifo } from '../../streams/fifo.ts';
import type { PendingCall, Urgency } from './pending-call.ts';

/** From so many calls on, those that were given up are looked for when the queue has doubled. */
const PRUNE_FROM = 1024;

/** Calls that wait to be sent, in order; urgent ones before all others, and the first of all before those. */
export class CallQueue {
  readonly #first = new Fifo<PendingCall>();
  readonly #urgent = new Fifo<PendingCall>();
  readonly #calls = new Fifo<PendingCall>();
  #pruneAt = PRUNE_FROM;

  push(call: PendingCall, urgent: Urgency): void {
    (urgent === 'first' ? this.#first : urgent ? this.#urgent : this.#calls).push(call);
    if (this.#calls.length >= this.#pruneAt) this.#prune();
  }

  /** The next call to send; those that have been given up meanwhile are dropped. */
  peek(): PendingCall | undefined {
    let call = this.#next();
    while (call?.settled === true) {
      this.shift();
      call = this.#next();
    }
    return call;
  }

  /** Takes out what `peek` has returned. */
  shift(): void {
    if (this.#first.shift() === undefined && this.#urgent.shift() === undefined) this.#calls.shift();
  }

  /** Every call in the queue. */
  all(): PendingCall[] {
    return [...this.#first.items(), ...this.#urgent.items(), ...this.#calls.items()];
  }

  clear(): void {
    for (const calls of [this.#first, this.#urgent, this.#calls]) calls.clear();
  }

  /** While corosync does not answer nothing is taken out, and calls that were given up would pile up. */
  #prune(): void {
    const open = this.#calls.items().filter((call) => !call.settled);
    this.#calls.clear();
    for (const call of open) this.#calls.push(call);
    this.#pruneAt = Math.max(open.length * 2, PRUNE_FROM);
  }

  #next(): PendingCall | undefined {
    return this.#first.peek() ?? this.#urgent.peek() ?? this.#calls.peek();
  }
}
