import { isDeepStrictEqual } from 'node:util';
import type { VotequorumInfo } from '../codec/votequorum/get-info.ts';
import type { Follow, Following, StateSink } from '../session/index.ts';
import type { VotequorumFollowChange, VotequorumFollowFound, VotequorumState } from './follow-events.ts';
import type { VotequorumClient } from './votequorum-client.ts';
import type {
  VotequorumNodelistEvent,
  VotequorumQuorumEvent,
  VotequorumTracker,
  VotequorumTrackEvent,
} from './votequorum-events.ts';

type Change = VotequorumFollowChange | VotequorumFollowFound;
type Sink = StateSink<VotequorumState, Change>;

/** Follows votequorum on a connection. @param readEveryMs what no event tells is read so often */
export function followVotequorum(readEveryMs: number): Follow<VotequorumClient, VotequorumState, Change> {
  return async (client, sink) => {
    const reading = new Reading(client, sink, readEveryMs);
    const tracker = await client.track({ listener: (event) => reading.told(event) });
    reading.track(tracker);
    return reading;
  };
}

/** What one connection tells, and what is read on it after each event and now and then. */
class Reading implements Following {
  readonly #client: VotequorumClient;
  readonly #sink: Sink;
  readonly #readEveryMs: number;
  #tracker: VotequorumTracker | undefined;
  #nodelist: VotequorumNodelistEvent | undefined;
  #quorum: VotequorumQuorumEvent | undefined;
  #known = false;
  /** Why it is to be read again as soon as it has been read. */
  #wanted: VotequorumFollowFound['after'] | undefined;
  #reading = false;
  #closed = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(client: VotequorumClient, sink: Sink, readEveryMs: number) {
    this.#client = client;
    this.#sink = sink;
    this.#readEveryMs = readEveryMs;
  }

  track(tracker: VotequorumTracker): void {
    this.#tracker = tracker;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#tracker?.close();
  }

  told(event: VotequorumTrackEvent): void {
    if (event.kind === 'overflow') return;
    if (event.kind === 'nodelist') this.#nodelist = event;
    if (event.kind === 'quorum') this.#quorum = event;
    const { current } = this.#sink;
    if (this.#known && current !== undefined) {
      const state = this.#withEvents(current.local, current.nodes);
      if (state !== undefined) this.#sink.changed({ kind: 'change', event, state }, state);
    }
    // The first event of each kind is the snapshot's: what is known of nodes comes with the second.
    if (this.#nodelist !== undefined && this.#quorum !== undefined) this.#want('event');
  }

  #want(after: VotequorumFollowFound['after']): void {
    // What an event asks for counts more than the time.
    if (this.#wanted !== 'event') this.#wanted = after;
    if (!this.#reading) void this.#read();
  }

  /** As often as something has happened meanwhile: what is read in the middle of a change may be of either side of it. */
  async #read(): Promise<void> {
    this.#reading = true;
    clearTimeout(this.#timer);
    try {
      while (this.#wanted !== undefined && !this.#closed) {
        const after = this.#wanted;
        this.#wanted = undefined;
        const state = await this.#ask();
        if (state !== undefined) this.#tell(state, after);
      }
    } catch {
      // The connection is gone, and says so elsewhere; or corosync was too slow, and is asked again.
    }
    this.#reading = false;
    if (!this.#closed && !this.#client.closed)
      this.#timer = setTimeout(() => this.#want('interval'), this.#readEveryMs);
  }

  async #ask(): Promise<VotequorumState | undefined> {
    const listed = this.#quorum?.nodes.map(({ nodeId }) => nodeId) ?? [];
    const ids = listed.filter((nodeId) => nodeId !== 0).sort((one, other) => one - other);
    const nodes = ids.map((nodeId) => this.#client.getInfo(nodeId));
    const [local, ...others] = await Promise.all([this.#client.getInfo(), ...nodes]);
    return this.#withEvents(local, others);
  }

  /** What is known by events, with what was read. Until both kinds of events have come, nothing is. */
  #withEvents(local: VotequorumInfo, nodes: readonly VotequorumInfo[]): VotequorumState | undefined {
    if (this.#nodelist === undefined || this.#quorum === undefined) return undefined;
    const { ringId, members } = this.#nodelist;
    return { quorate: this.#quorum.quorate, ringId, members, local, nodes };
  }

  #tell(state: VotequorumState, after: VotequorumFollowFound['after']): void {
    if (!this.#known) {
      this.#known = true;
      this.#sink.snapshot(state);
    } else if (!isDeepStrictEqual(state, this.#sink.current)) {
      this.#sink.changed({ kind: 'found', after, state }, state);
    }
  }
}
