import type { CmapValue } from '../../codec/cmap/value.ts';
import { Fifo } from '../../streams/fifo.ts';
import { costOfChange } from '../values/memory-cost.ts';
import type { CmapFollowLost, CmapFollowResynced, CmapFollowSnapshot } from './follow-events.ts';
import type { Change } from './picture.ts';
import { sameValue } from './same-value.ts';

export interface FollowQueueLimits {
  readonly maxQueued: number;
  readonly maxQueuedBytes: number;
}

/** What is told beside changes. */
export type Landmark = CmapFollowSnapshot | CmapFollowLost | CmapFollowResynced;

/** An event on its way to a reader. */
export type Queued =
  | { readonly kind: 'change'; readonly change: Change; readonly synthetic: boolean }
  | { readonly kind: 'overflow'; readonly dropped: number }
  | { readonly kind: 'landmark'; readonly event: Landmark };

/** What a reader that lags is not told one by one. */
interface Lag {
  dropped: number;
  /** What the reader was last told of each key that has changed since. */
  readonly lastTold: Map<string, CmapValue | undefined>;
  /** The latest landmark; those before it say nothing any more. */
  landmark: Landmark | undefined;
}

/**
 * The unread events of one follower, in bounded memory. Beyond the limits only the keys that changed are kept, with what the reader was last told
 * of them; when it has read what was queued it gets an overflow event, and then the difference to what holds by then.
 */
export class FollowQueue {
  readonly #limits: FollowQueueLimits;
  readonly #current: ReadonlyMap<string, CmapValue>;
  readonly #queued = new Fifo<Queued>();
  #bytes = 0;
  #lag: Lag | undefined;
  /** Whether the last landmark that the reader gets says that corosync is lost. */
  #lostIsTold = false;

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
    const lag = this.#startLag();
    lag.dropped += 1;
    const told = lag.lastTold.has(change.key) ? lag.lastTold.get(change.key) : change.oldValue;
    if (sameValue(told, change.newValue)) lag.lastTold.delete(change.key);
    else lag.lastTold.set(change.key, told);
  }

  pushLandmark(event: Landmark): void {
    if (this.#lag === undefined && this.#hasRoom(0)) this.#tellLandmark(event);
    else this.#startLag().landmark = event;
  }

  shift(): Queued | undefined {
    if (this.#queued.length === 0) this.#catchUp();
    const next = this.#queued.shift();
    if (next?.kind === 'change') this.#bytes -= costOfChange(next.change);
    return next;
  }

  clear(): void {
    this.#queued.clear();
    this.#bytes = 0;
    this.#lag = undefined;
  }

  #hasRoom(cost: number): boolean {
    const { maxQueued, maxQueuedBytes } = this.#limits;
    return this.#queued.length < maxQueued && this.#bytes + cost <= maxQueuedBytes;
  }

  #startLag(): Lag {
    this.#lag ??= { dropped: 0, lastTold: new Map(), landmark: undefined };
    return this.#lag;
  }

  /** Everything is read: tells the reader what it has missed. */
  #catchUp(): void {
    const lag = this.#lag;
    if (lag === undefined) return;
    this.#lag = undefined;
    if (lag.dropped > 0) this.#queued.push({ kind: 'overflow', dropped: lag.dropped });
    const changes = this.#differences(lag.lastTold);
    for (const change of changes) {
      this.#queued.push({ kind: 'change', change, synthetic: true });
      this.#bytes += costOfChange(change);
    }
    this.#tellMissedLandmark(lag.landmark);
  }

  #differences(lastTold: ReadonlyMap<string, CmapValue | undefined>): Change[] {
    const changes = [...lastTold].map(([key, oldValue]) => ({
      key,
      oldValue,
      newValue: this.#current.get(key),
    }));
    return changes.filter(({ oldValue, newValue }) => !sameValue(oldValue, newValue));
  }

  /** A reader that has heard of no loss hears of no end of it, and of a loss that lasts it hears once. */
  #tellMissedLandmark(landmark: Landmark | undefined): void {
    if (landmark?.kind === 'resynced' && !this.#lostIsTold) return;
    if (landmark?.kind === 'lost' && this.#lostIsTold) return;
    if (landmark !== undefined) this.#tellLandmark(landmark);
  }

  #tellLandmark(event: Landmark): void {
    this.#queued.push({ kind: 'landmark', event });
    this.#lostIsTold = event.kind === 'lost';
  }
}
