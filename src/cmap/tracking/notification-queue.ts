import { costOfChange } from '../values/memory-cost.ts';
import type { CmapNotification, CmapOverflow, CmapTrackEvent } from './track-events.ts';
import type { CmapTracker } from './track-events.ts';

export interface QueueLimits {
  readonly coalesce: boolean;
  readonly maxQueued: number;
  readonly maxQueuedBytes: number;
}

/**
 * The unread events of one tracker, in bounded memory. corosync must never wait for a reader of ours, so what
 * does not fit is dropped here; an overflow event stands in its place and counts it.
 */
export class NotificationQueue {
  readonly #limits: QueueLimits;
  /** A queue as an array with a moving head: shift() of a long array costs its length. */
  #events: (CmapTrackEvent | undefined)[] = [];
  #head = 0;
  #bytes = 0;
  /** When coalescing: where the unread notification of each key stands, and whether the key was there before it. */
  readonly #unread = new Map<string, { position: number; readonly existedBefore: boolean }>();

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  push(notification: CmapNotification): void {
    if (this.#limits.coalesce && this.#fold(notification)) return;
    const cost = costOfChange(notification);
    const full =
      this.#events.length - this.#head >= this.#limits.maxQueued ||
      this.#bytes + cost > this.#limits.maxQueuedBytes;
    if (full) return this.#overflow(notification.tracker);
    if (this.#limits.coalesce) {
      const existedBefore = notification.change !== 'add';
      this.#unread.set(notification.key, { position: this.#events.length, existedBefore });
    }
    this.#events.push(notification);
    this.#bytes += cost;
  }

  shift(): CmapTrackEvent | undefined {
    const event = this.#events[this.#head];
    if (event === undefined) return undefined;
    this.#events[this.#head] = undefined;
    this.#head += 1;
    if (event.kind === 'notification') {
      this.#bytes -= costOfChange(event);
      // Behind a gap the key may have another one, which later changes are folded into.
      if (this.#limits.coalesce && this.#unread.get(event.key)?.position === this.#head - 1)
        this.#unread.delete(event.key);
    }
    if (this.#head === this.#events.length) this.#compact();
    else if (this.#head > 1024 && this.#head * 2 > this.#events.length) this.#compact();
    return event;
  }

  clear(): void {
    this.#events = [];
    this.#head = 0;
    this.#bytes = 0;
    this.#unread.clear();
  }

  #fold(notification: CmapNotification): boolean {
    const unread = this.#unread.get(notification.key);
    const earlier = unread === undefined ? undefined : this.#events[unread.position];
    if (unread === undefined || earlier?.kind !== 'notification') return false;
    const folded = fold(earlier, notification, unread.existedBefore);
    // A key that was deleted and added again was modified: but that may not have been asked for.
    if (!notification.tracker.events.includes(folded.change)) return false;
    const growth = costOfChange(folded) - costOfChange(earlier);
    if (this.#bytes + growth > this.#limits.maxQueuedBytes) {
      this.#overflow(notification.tracker);
      return true;
    }
    this.#bytes += growth;
    this.#events[unread.position] = folded;
    return true;
  }

  #overflow(tracker: CmapTracker): void {
    const last = this.#events.at(-1);
    if (last?.kind === 'overflow') {
      this.#events[this.#events.length - 1] = { ...last, dropped: last.dropped + 1 };
      return;
    }
    const overflow: CmapOverflow = { kind: 'overflow', dropped: 1, tracker };
    this.#events.push(overflow);
    // Later changes must not be folded into what lies before the gap.
    this.#unread.clear();
  }

  #compact(): void {
    this.#events = this.#events.slice(this.#head);
    for (const unread of this.#unread.values()) unread.position -= this.#head;
    this.#head = 0;
  }
}

/** From the first old value to the last new value, and the event that this amounts to. */
function fold(earlier: CmapNotification, later: CmapNotification, existedBefore: boolean): CmapNotification {
  const event = later.change === 'delete' ? 'delete' : existedBefore ? 'modify' : 'add';
  return { ...later, change: event, oldValue: earlier.oldValue, coalesced: earlier.coalesced + 1 };
}
