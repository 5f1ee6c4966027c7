import type { CmapValue } from '../codec/cmap/value.ts';
import { costOfChange } from '../cmap/index.ts';
import type { Change } from './picture.ts';
import { sameValue } from './same-value.ts';

export interface FollowQueueLimits {
  readonly maxQueued: number;
  readonly maxQueuedBytes: number;
}

/** A change or another event on its way to a reader. */
export type Queued<E> =
  | { readonly kind: 'change'; readonly change: Change; readonly synthetic: boolean }
  | { readonly kind: 'overflow'; readonly dropped: number }
  | { readonly kind: 'other'; readonly event: E };

/** What a reader that lags is not told one by one. */
interface Lag<E> {
  dropped: number;
  /** What the reader was last told of each key that has changed since. */
  readonly lastTold: Map<string, CmapValue | undefined>;
  /** The latest of the other events; an earlier one is told of by this one. */
  other: E | undefined;
}

/**
 * The unread events of one follower, in bounded memory. Beyond the limits only the keys that changed are kept, with what the reader was last told
 * of them; when it has read what was queued it gets an overflow event, and then the difference to what holds by then.
 */
export class FollowQueue<E> {
  readonly #limits: FollowQueueLimits;
  readonly #current: ReadonlyMap<string, CmapValue>;
  #queued: Queued<E>[] = [];
  #head = 0;
  #bytes = 0;
  #lag: Lag<E> | undefined;

  /** @param current what holds, looked at when a reader catches up */
  constructor(limits: FollowQueueLimits, current: ReadonlyMap<string, CmapValue>) {
    this.#limits = limits;
    this.#current = current;
  }

  pushChange(change: Change, synthetic: boolean): void {
    const cost = costOfChange(change);
    if (this.#lag === undefined && this.#hasRoom(cost)) {
      this.#queued.push({ kind: 'change', change, synthetic });
      this.#bytes += cost;
      return;
    }
    const { lastTold } = this.#count();
    const told = lastTold.has(change.key) ? lastTold.get(change.key) : change.oldValue;
    if (sameValue(told, change.newValue)) lastTold.delete(change.key);
    else lastTold.set(change.key, told);
  }

  pushOther(event: E): void {
    if (this.#lag === undefined && this.#hasRoom(0)) this.#queued.push({ kind: 'other', event });
    else this.#count().other = event;
  }

  shift(): Queued<E> | undefined {
    if (this.#head === this.#queued.length) this.#catchUp();
    const next = this.#queued[this.#head];
    if (next === undefined) return undefined;
    this.#head += 1;
    if (next.kind === 'change') this.#bytes -= costOfChange(next.change);
    if (this.#head > 1024 && this.#head * 2 > this.#queued.length) this.#compact();
    return next;
  }

  clear(): void {
    this.#queued = [];
    this.#head = 0;
    this.#bytes = 0;
    this.#lag = undefined;
  }

  #hasRoom(cost: number): boolean {
    const { maxQueued, maxQueuedBytes } = this.#limits;
    return this.#queued.length - this.#head < maxQueued && this.#bytes + cost <= maxQueuedBytes;
  }

  #count(): Lag<E> {
    this.#lag ??= { dropped: 0, lastTold: new Map(), other: undefined };
    this.#lag.dropped += 1;
    return this.#lag;
  }

  /** Everything is read: tells the reader what it has missed. */
  #catchUp(): void {
    this.#compact();
    const lag = this.#lag;
    if (lag === undefined) return;
    this.#lag = undefined;
    this.#queued.push({ kind: 'overflow', dropped: lag.dropped });
    for (const [key, oldValue] of lag.lastTold) {
      const newValue = this.#current.get(key);
      if (sameValue(oldValue, newValue)) continue;
      const change = { key, oldValue, newValue };
      this.#queued.push({ kind: 'change', change, synthetic: true });
      this.#bytes += costOfChange(change);
    }
    if (lag.other !== undefined) this.#queued.push({ kind: 'other', event: lag.other });
  }

  #compact(): void {
    if (this.#head === 0) return;
    this.#queued = this.#queued.slice(this.#head);
    this.#head = 0;
  }
}
