import type { PendingCall } from './pending-call.ts';

/** The front of a long queue is dropped now and then: to do it each time would cost the queue's length. */
const COMPACT_FROM = 1024;

/** Calls that wait to be sent, in order; urgent ones before all others. */
export class CallQueue {
  #urgent: PendingCall[] = [];
  #calls: PendingCall[] = [];
  #head = 0;

  push(call: PendingCall, urgent: boolean): void {
    (urgent ? this.#urgent : this.#calls).push(call);
  }

  /** The next call to send; those that have been given up meanwhile are dropped. */
  peek(): PendingCall | undefined {
    let call = this.#first();
    while (call?.settled === true) {
      this.shift();
      call = this.#first();
    }
    return call;
  }

  /** Takes out what `peek` has returned. */
  shift(): void {
    if (this.#urgent.length > 0) {
      this.#urgent.shift();
      return;
    }
    this.#head += 1;
    const compact = this.#head >= COMPACT_FROM && this.#head * 2 >= this.#calls.length;
    if (!compact && this.#head < this.#calls.length) return;
    this.#calls = this.#calls.slice(this.#head);
    this.#head = 0;
  }

  /** Every call in the queue. */
  all(): PendingCall[] {
    return [...this.#urgent, ...this.#calls.slice(this.#head)];
  }

  clear(): void {
    this.#urgent = [];
    this.#calls = [];
    this.#head = 0;
  }

  #first(): PendingCall | undefined {
    return this.#urgent[0] ?? this.#calls[this.#head];
  }
}
