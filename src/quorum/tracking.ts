import type { QuorumEvent } from '../codec/quorum/event.ts';
import { TrackStartRequest, TrackStopRequest } from '../codec/quorum/track.ts';
import type { RequestMessage } from '../codec/message.ts';
import type { ConnectionError } from '../errors/index.ts';
import type { CallOptions } from '../options/call-options.ts';
import type { CheckedReaderOptions } from '../streams/reader-options.ts';
import { Subscription } from '../streams/subscription.ts';
import type {
  QuorumNodelistEvent,
  QuorumPicture,
  QuorumQuorumEvent,
  QuorumTracker,
  QuorumTrackEvent,
} from './quorum-events.ts';

export const TRACK_OPERATION = 'quorum_trackstart';

/** What the tracking needs of its client. */
export interface TrackingCalls {
  submit(message: RequestMessage<void>, options: CallOptions): Promise<void>;
  release(message: RequestMessage<void>): Promise<void>;
  /** Waits as long as the caller's options say; what is waited for goes on. */
  wait(started: Promise<void>, options: CallOptions): Promise<void>;
}

type State =
  | { readonly name: 'off' }
  /** corosync is being asked; events may be here before its answer. */
  | { readonly name: 'starting'; readonly started: Promise<void> }
  | { readonly name: 'on' }
  | { readonly name: 'stopping'; readonly stopped: Promise<void> }
  | { readonly name: 'ended'; readonly error: ConnectionError | undefined };

/** What a tracker needs of the tracking that it shares. */
interface Shared {
  snapshot(): QuorumTrackEvent[];
  remove(tracker: SharingTracker): Promise<void>;
}

class SharingTracker implements QuorumTracker {
  readonly events: Subscription<QuorumTrackEvent>;
  readonly #shared: Shared;

  constructor(options: CheckedReaderOptions<QuorumTrackEvent>, shared: Shared) {
    this.#shared = shared;
    this.events = new Subscription({
      ...options,
      operation: TRACK_OPERATION,
      catchUp: (dropped) => [{ kind: 'overflow', dropped }, ...shared.snapshot()],
      onReturn: () => this.close(),
    });
  }

  async close(): Promise<void> {
    this.events.clear();
    this.events.end();
    await this.#shared.remove(this);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  [Symbol.asyncIterator](): AsyncIterator<QuorumTrackEvent> {
    return this.events[Symbol.asyncIterator]();
  }
}

const NOTHING: QuorumPicture = { nodelist: undefined, quorum: undefined };

/** One tracking at corosync, which allows one for each connection, for any number of trackers here. */
export class QuorumTracking {
  readonly #calls: TrackingCalls;
  readonly #trackers = new Set<SharingTracker>();
  #state: State = { name: 'off' };
  #picture = NOTHING;

  constructor(calls: TrackingCalls) {
    this.#calls = calls;
  }

  /** Adds a tracker. Its snapshot is corosync's if it is the first one, and else what was told last. */
  async add(
    options: CheckedReaderOptions<QuorumTrackEvent>,
    callOptions: CallOptions,
  ): Promise<QuorumTracker> {
    while (this.#state.name === 'stopping') await this.#state.stopped;
    const tracker = new SharingTracker(options, {
      snapshot: () => this.#snapshot(),
      remove: (closed) => this.#remove(closed),
    });
    this.#join(tracker);
    try {
      await this.#calls.wait(this.#started(), callOptions);
    } catch (error) {
      await tracker.close();
      throw error;
    }
    return tracker;
  }

  /** An event of corosync's: it may have been on its way when the tracking was stopped. */
  told(event: QuorumEvent): void {
    if (this.#state.name !== 'starting' && this.#state.name !== 'on') return;
    const told = toTrackEvent(event, this.#isSnapshot(event));
    this.#picture = { ...this.#picture, [told.kind]: told };
    for (const tracker of this.#trackers) tracker.events.push(told);
  }

  ended(error: ConnectionError | undefined): void {
    this.#state = { name: 'ended', error };
    for (const tracker of this.#trackers) tracker.events.end(error);
    this.#trackers.clear();
  }

  /** The first event of either kind tells what holds: corosync sends it before it answers. */
  #isSnapshot(event: QuorumEvent): boolean {
    return (event.type === 'nodelist' ? this.#picture.nodelist : this.#picture.quorum) === undefined;
  }

  #snapshot(): QuorumTrackEvent[] {
    const { nodelist, quorum } = this.#picture;
    return [
      ...(nodelist === undefined ? [] : [{ ...nodelist, joined: [], left: [], snapshot: true }]),
      ...(quorum === undefined ? [] : [{ ...quorum, snapshot: true }]),
    ];
  }

  #join(tracker: SharingTracker): void {
    this.#trackers.add(tracker);
    if (this.#state.name === 'starting' || this.#state.name === 'on')
      for (const event of this.#snapshot()) tracker.events.push(event);
  }

  /** The request belongs to all trackers that wait for it: no caller's signal or deadline ends it. */
  #started(): Promise<void> {
    if (this.#state.name === 'off') this.#state = { name: 'starting', started: this.#start() };
    if (this.#state.name === 'starting') return this.#state.started;
    if (this.#state.name === 'ended') return this.#request(); // fails, and says why
    return Promise.resolve();
  }

  async #start(): Promise<void> {
    this.#picture = NOTHING;
    try {
      await this.#request();
    } catch (error) {
      if (this.#state.name === 'starting') this.#state = { name: 'off' };
      throw error;
    }
    if (this.#state.name !== 'starting') return;
    this.#state = { name: 'on' };
    if (this.#trackers.size === 0) void this.#stopIfUnused();
  }

  #request(): Promise<void> {
    return this.#calls.submit(new TrackStartRequest('changes'), { timeoutMs: Infinity });
  }

  async #remove(tracker: SharingTracker): Promise<void> {
    this.#trackers.delete(tracker);
    await this.#stopIfUnused();
  }

  async #stopIfUnused(): Promise<void> {
    if (this.#trackers.size > 0 || this.#state.name !== 'on') return;
    const stopped = this.#stop();
    this.#state = { name: 'stopping', stopped };
    await stopped;
  }

  async #stop(): Promise<void> {
    try {
      await this.#calls.release(new TrackStopRequest());
    } catch {
      // The connection is in trouble, and says so elsewhere; nobody listens any more in any case.
    }
    // What corosync had sent before it stopped is still to be read, and must not be taken for the next snapshot.
    await new Promise((resolve) => setImmediate(resolve));
    if (this.#state.name === 'stopping') this.#state = { name: 'off' };
  }
}

function toTrackEvent(event: QuorumEvent, snapshot: boolean): QuorumNodelistEvent | QuorumQuorumEvent {
  switch (event.type) {
    case 'nodelist': {
      const { ringId, members, joined, left } = event;
      return { kind: 'nodelist', ringId, members, joined, left, snapshot };
    }
    case 'quorum': {
      const { quorate, ringId, members } = event;
      return { kind: 'quorum', quorate, ringId, members, snapshot };
    }
    case 'v0-quorum': {
      const { quorate, ringSeq, members } = event;
      return { kind: 'quorum', quorate, ringId: { nodeId: undefined, seq: ringSeq }, members, snapshot };
    }
  }
}
