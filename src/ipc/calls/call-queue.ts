import type { PendingCall, Urgency } from './pending-call.ts';

/** The front of a long queue is dropped now and then: to do it each time would cost the queue's length. */
const COMPACT_FROM = 1024;

/** From so many calls on, those that were given up are looked for when the queue has doubled. */
const PRUNE_FROM = 1024;

/** Calls that wait to be sent, in order; urgent ones before all others, and the first of all before those. */
export class CallQueue {
  #first: PendingCall[] = [];
  #urgent: PendingCall[] = [];
  #calls: PendingCall[] = [];
  #head = 0;
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
    for (const calls of [this.#first, this.#urgent]) {
      if (calls.shift() !== undefined) return;
    }
    this.#head += 1;
    const compact = this.#head >= COMPACT_FROM && this.#head * 2 >= this.#calls.length;
    if (!compact && this.#head < this.#calls.length) return;
    this.#calls = this.#calls.slice(this.#head);
    this.#head = 0;
  }

  /** Every call in the queue. */
  all(): PendingCall[] {
    return [...this.#first, ...this.#urgent, ...this.#calls.slice(this.#head)];
  }

  clear(): void {
    this.#first = [];
    this.#urgent = [];
    this.#calls = [];
    this.#head = 0;
  }

  /** While corosync does not answer nothing is taken out, and calls that were given up would pile up. */
  #prune(): void {
    this.#calls = this.#calls.slice(this.#head).filter((call) => !call.settled);
    this.#head = 0;
    this.#pruneAt = Math.max(this.#calls.length * 2, PRUNE_FROM);
  }

  #next(): PendingCall | undefined {
    return this.#first[0] ?? this.#urgent[0] ?? this.#calls[this.#head];
  }
}
