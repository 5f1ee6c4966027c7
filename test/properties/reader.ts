import { ConnectionError } from '../../src/index.ts';
import type { CallOptions, CmapClient, CmapTracker, CmapTrackEvent } from '../../src/index.ts';
import { wireOf } from '../helpers/integration/integration-values.ts';
import { ROOT, type Call } from './commands.ts';
import { show, type Change } from './model.ts';
import { showChange } from './tracker-model.ts';

type TrackCall = Extract<Call, { call: 'track' }>;

/** Reads a tracker in the way that its call says, and keeps the events as lines. */
export class Reader {
  readonly tracker: CmapTracker;
  readonly call: TrackCall;
  readonly #got: string[];
  readonly #iterator: AsyncIterator<CmapTrackEvent> | undefined;
  /** How the loop has ended. */
  readonly #ended: Promise<'done' | ConnectionError> | undefined;

  private constructor(tracker: CmapTracker, call: TrackCall, got: string[]) {
    this.tracker = tracker;
    this.call = call;
    this.#got = got;
    if (call.reading.kind === 'lagging') this.#iterator = tracker[Symbol.asyncIterator]();
    if (call.reading.kind === 'loop') this.#ended = this.#readAll();
  }

  static async start(client: CmapClient, call: TrackCall, options: CallOptions): Promise<Reader> {
    const got: string[] = [];
    const { key, prefix, events, reading } = call;
    const tracker = await client.track(key, {
      ...options,
      prefix,
      events,
      ...(reading.kind === 'listener' ? { listener: (event) => keep(got, event) } : {}),
      ...(reading.kind === 'lagging'
        ? { whenLagging: reading.whenLagging, maxQueued: reading.maxQueued }
        : {}),
    });
    return new Reader(tracker, call, got);
  }

  /** What has been read since the last call. */
  take(): string[] {
    return this.#got.splice(0);
  }

  /** Reads so many events of a tracker that is not read otherwise; they must be there. */
  async read(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      const next = await this.#iterator?.next();
      if (next !== undefined && next.done !== true) keep(this.#got, next.value);
    }
  }

  /** The end of its connection or of itself: nothing may come any more, and the loop must end as it should. */
  async hasEnded(because: 'closed' | 'destroyed' | 'deleted'): Promise<void> {
    const end = this.#iterator === undefined ? await this.#ended : await drain(this.#iterator);
    if (end === undefined) return;
    const expected = because === 'destroyed' ? end instanceof ConnectionError : end === 'done';
    if (!expected)
      throw new Error(`the tracker of ${this.call.key} was ${because}, and ended with ${String(end)}`);
  }

  async #readAll(): Promise<'done' | ConnectionError> {
    try {
      for await (const event of this.tracker) keep(this.#got, event);
      return 'done';
    } catch (error) {
      if (error instanceof ConnectionError) return error;
      throw error;
    }
  }
}

async function drain(iterator: AsyncIterator<CmapTrackEvent>): Promise<'done' | ConnectionError> {
  try {
    while ((await iterator.next()).done !== true);
    return 'done';
  } catch (error) {
    if (error instanceof ConnectionError) return error;
    throw error;
  }
}

/** A real corosync has other keys, too. */
function keep(got: string[], event: CmapTrackEvent): void {
  if (event.kind === 'overflow') got.push(`overflow ${event.dropped}`);
  else if (event.key.startsWith(ROOT)) got.push(showChange(changeOf(event), event.coalesced));
}

export function changeOf(event: Extract<CmapTrackEvent, { kind: 'notification' }>): Change {
  return {
    event: event.change,
    key: event.key,
    newValue: show(wireOf(event.newValue)),
    oldValue: show(wireOf(event.oldValue)),
  };
}
