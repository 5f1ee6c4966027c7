import type { Call } from './commands.ts';
import type { Change } from './model.ts';

type TrackCall = Extract<Call, { call: 'track' }>;

/** An event as a reader gets it, in one line. */
export function showChange({ event, key, newValue, oldValue }: Change, coalesced = 0): string {
  return `${event} ${key} ${oldValue} -> ${newValue}${coalesced === 0 ? '' : ` (+${coalesced})`}`;
}

type Queued =
  | { kind: 'change'; change: Change; readonly existedBefore: boolean; coalesced: number }
  | { kind: 'overflow'; dropped: number };

/** What a tracker's reader must get: everything in order, or, where it lags, what its limits leave. */
export class TrackerModel {
  readonly call: TrackCall;
  #queue: Queued[] = [];

  constructor(call: TrackCall) {
    this.call = call;
  }

  /** How many events wait to be read. */
  get unread(): number {
    return this.#queue.length;
  }

  wants({ event, key }: Change): boolean {
    const { call } = this;
    return call.events.includes(event) && (call.prefix ? key.startsWith(call.key) : key === call.key);
  }

  push(change: Change): void {
    const { reading } = this.call;
    if (reading.kind === 'lagging') {
      if (reading.whenLagging === 'coalesce' && this.#fold(change)) return;
      if (this.#queue.length >= reading.maxQueued) return this.#drop();
    }
    this.#queue.push({ kind: 'change', change, existedBefore: change.event !== 'add', coalesced: 0 });
  }

  take(count: number): string[] {
    return this.#queue
      .splice(0, count)
      .map((queued) =>
        queued.kind === 'overflow'
          ? `overflow ${queued.dropped}`
          : showChange(queued.change, queued.coalesced),
      );
  }

  /** Into the last unread event of the same key, but not across a gap, nor to an event that nobody asked for. */
  #fold(change: Change): boolean {
    const gap = this.#queue.map(({ kind }) => kind).lastIndexOf('overflow');
    const ofKey = (queued: Queued): boolean => queued.kind === 'change' && queued.change.key === change.key;
    const earlier = this.#queue
      .slice(gap + 1)
      .filter(ofKey)
      .at(-1);
    if (earlier?.kind !== 'change') return false;
    const event = change.event === 'delete' ? 'delete' : earlier.existedBefore ? 'modify' : 'add';
    if (!this.call.events.includes(event)) return false;
    earlier.change = { ...change, event, oldValue: earlier.change.oldValue };
    earlier.coalesced += 1;
    return true;
  }

  #drop(): void {
    const last = this.#queue.at(-1);
    if (last?.kind === 'overflow') last.dropped += 1;
    else this.#queue.push({ kind: 'overflow', dropped: 1 });
  }
}
