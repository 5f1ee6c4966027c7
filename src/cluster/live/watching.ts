import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { asError } from '../../session/index.ts';
import { MembershipWatch } from '../membership-watch.ts';
import { paceOf } from '../pace.ts';
import { readLinks, readReports, readVotes } from '../read-reports.ts';
import type { ClusterReports } from '../reports.ts';
import type { ClusterServices } from '../services.ts';
import { ReadingPace } from './reading-pace.ts';

/** What is heard on one connection. */
export interface WatchingSink {
  /** corosync has answered, or told of something. @param waitedMs how long the answer to one question took */
  heard(waitedMs: number): void;
  /** Something changes, and corosync has not found out yet what holds. */
  restless(): void;
  /** @param calm nothing has changed while this was read */
  read(reports: ClusterReports, calm: boolean): void;
}

/** Whether what it was told differs from what was read; `undefined`: there is nothing to ask. */
type Ask = (reports: ClusterReports) => Promise<boolean | undefined>;

/** For ever: who waits says so by freshness, and a connection that is lost ends all calls. */
const PATIENT = { timeoutMs: Infinity };
/** Keys of the map whose changes no service tells. */
const TRACKED: readonly (readonly [key: string, prefix: boolean])[] = [
  ['nodelist.', true],
  ['runtime.members.', true],
  ['totem.cluster_name', false],
  ['runtime.votequorum.wait_for_all_status', false],
];

/**
 * Keeps a picture of the cluster up to date on one connection. All is read again after every event, so that it is always one picture; and what no event tells,
 * links and some of the votes, is asked for now and then, which also shows that corosync lives.
 */
export class Watching {
  readonly #services: ClusterServices;
  readonly #sink: WatchingSink;
  readonly #maxBeatMs: number;
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #pace = new ReadingPace();
  readonly #closing = new AbortController();
  #membership: MembershipWatch | undefined;
  #reports: ClusterReports | undefined;
  #wanted = false;
  #reading: Promise<void> | undefined;
  #closed = false;

  private constructor(services: ClusterServices, sink: WatchingSink, maxBeatMs: number) {
    this.#services = services;
    this.#sink = sink;
    this.#maxBeatMs = maxBeatMs;
  }

  /**
   * Resolves when all has been read once.
   * @param maxBeatMs corosync is asked so often at least
   * @param started may end it from then on
   */
  static async start(
    services: ClusterServices,
    sink: WatchingSink,
    maxBeatMs: number,
    started: (watching: Watching) => void,
  ): Promise<Watching> {
    const watching = new Watching(services, sink, maxBeatMs);
    started(watching);
    const changed = (): void => watching.changed();
    const membership = await MembershipWatch.start(services.quorum, PATIENT, changed);
    for (const [key, prefix] of TRACKED) await services.cmap.track(key, { prefix, listener: changed });
    // What has been told until now, the first reading has in it.
    watching.#membership = membership;
    watching.reread();
    await watching.#reading;
    watching.#beat((reports) => watching.#askVotes(reports));
    watching.#beat((reports) => watching.#askLinks(reports));
    return watching;
  }

  /** Everything is read again. */
  changed(): void {
    if (this.#closed || this.#membership === undefined) return;
    this.#sink.heard(0);
    if (!this.#membership.settled) this.#sink.restless();
    this.reread();
  }

  reread(): void {
    this.#wanted = true;
    this.#reading ??= this.#read(this.#membership).finally(() => (this.#reading = undefined));
  }

  /** Nothing is told any more. The connection is not its own. */
  close(): void {
    this.#closed = true;
    this.#closing.abort();
    for (const timer of this.#timers) clearTimeout(timer);
  }

  async #read(membership: MembershipWatch | undefined): Promise<void> {
    try {
      while (membership !== undefined && this.#wanted && !this.#closed) {
        const waitMs = this.#pace.next(performance.now());
        if (waitMs > 0) await sleep(waitMs, undefined, { signal: this.#closing.signal });
        this.#wanted = false;
        const reports = await readReports(this.#services, membership, PATIENT);
        await membership.caughtUp(PATIENT);
        if (this.#isClosed()) return;
        this.#reports = reports;
        this.#sink.heard(0);
        this.#sink.read(reports, membership.settled && !this.#wanted);
      }
    } catch (error) {
      // Of a connection that is gone this does nothing; else another one may do better.
      if (!this.#closed) this.#services.destroy(asError(error));
    }
  }

  #isClosed(): boolean {
    return this.#closed;
  }

  #beat(ask: Ask): void {
    if (this.#closed || this.#services.closed) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      void this.#ask(ask).then(() => this.#beat(ask));
    }, paceOf(this.#reports?.map).beatMs(this.#maxBeatMs));
    this.#timers.add(timer);
  }

  async #ask(ask: Ask): Promise<void> {
    const reports = this.#reports;
    if (reports === undefined) return;
    const askedAt = performance.now();
    try {
      const differs = await ask(reports);
      if (this.#closed || differs === undefined) return;
      this.#sink.heard(performance.now() - askedAt);
      // If all has been read meanwhile, it is newer.
      if (differs && reports === this.#reports) this.reread();
    } catch (error) {
      if (!this.#closed) this.#services.destroy(asError(error));
    }
  }

  async #askVotes({ votes }: ClusterReports): Promise<boolean> {
    if (votes === undefined || votes.size === 0) {
      await this.#services.cfg.localNodeId(PATIENT);
      return false;
    }
    return !isDeepStrictEqual(await readVotes(this.#services, [...votes.keys()], PATIENT), votes);
  }

  async #askLinks({ links }: ClusterReports): Promise<boolean | undefined> {
    if (links === undefined || links.size === 0) return undefined;
    return !isDeepStrictEqual(await readLinks(this.#services, [...links.keys()], PATIENT), links);
  }
}
