import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { CmapValue } from '../../codec/cmap/value.ts';
import type { CmapTrackEvent } from '../../cmap/index.ts';
import { asError } from '../../errors/index.ts';
import type { QuorumTrackEvent } from '../../quorum/index.ts';
import type { Told } from '../events/told.ts';
import { linkNames } from '../figures/figures.ts';
import { readFigures } from '../figures/read-figures.ts';
import { MapCache } from '../map-cache.ts';
import { MembershipWatch } from '../membership-watch.ts';
import { paceOf } from '../pace.ts';
import { readLinks, readReports, readVotes, type ReadingHelp } from '../read-reports.ts';
import type { ClusterReports } from '../reports.ts';
import type { ClusterServices } from '../services.ts';
import { ReadingPace } from './reading-pace.ts';
import { ReloadWatch } from './reload-watch.ts';
import { StatsWatch } from './stats-watch.ts';

/** A reading of all. */
export interface Reading {
  readonly reports: ClusterReports;
  /** When it began. */
  readonly asked: Date;
  /** Nothing was told meanwhile. */
  readonly whole: boolean;
  /** Quorum is known of the membership. */
  readonly settled: boolean;
}

/** What is heard on one connection. */
export interface WatchingSink {
  /** corosync has answered, or told of something. @param waitedMs how long it may have stood still before */
  heard(waitedMs: number): void;
  /** @param ms how long the answer to one question took */
  roundTrip(ms: number): void;
  /** Something changes, and corosync has not found out yet what holds. */
  restless(): void;
  told(told: Told): void;
  read(reading: Reading): void;
  /** What no event tells was as it had been read. @param asked when both links and votes were */
  confirmed(asked: Date): void;
  /** Statistics that move all the time. */
  figures(figures: ReadonlyMap<string, CmapValue>): void;
  /** How long the token was away. */
  silence(ms: number): void;
}

/** Whether what it was told differs from what was read; `undefined`: there is nothing to ask. */
type Ask = (reports: ClusterReports) => Promise<boolean | undefined>;

/** For ever: who waits says so by freshness, and a connection that is lost ends all calls. */
const PATIENT = { timeoutMs: Infinity };
/** Keys of the map whose changes no service tells. */
const TRACKED: readonly (readonly [key: string, prefix: boolean])[] = [
  ['nodelist.', true],
  ['runtime.members.', true],
  ['config.', true],
  ['totem.cluster_name', false],
  ['totem.config_version', false],
  ['runtime.votequorum.wait_for_all_status', false],
];
const PROBE_EACH_MS = 100;
/** As often as most systems scrape. */
const FIGURES_EACH_MS = 15_000;
/** Of a large cluster they are read less often: corosync is not to be asked for more than 100 a second. */
const MS_PER_FIGURE = 10;

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
  readonly #reloads = new ReloadWatch();
  readonly #help: ReadingHelp;
  #membership: MembershipWatch | undefined;
  #reports: ClusterReports | undefined;
  #asked = { votes: new Date(), links: new Date() };
  #started = false;
  /** When quorum was not known of the membership last, on the clock of performance.now(). */
  #unsettledAt = -Infinity;
  #wanted = false;
  #reading: Promise<void> | undefined;
  #closed = false;

  private constructor(services: ClusterServices, sink: WatchingSink, maxBeatMs: number) {
    this.#services = services;
    this.#sink = sink;
    this.#maxBeatMs = maxBeatMs;
    const statsWatch = new StatsWatch(services.stats, {
      changed: () => this.#changed(),
      silence: (ms) => this.#sink.silence(ms),
    });
    this.#help = { map: new MapCache(), follow: (counts) => statsWatch.follow(counts) };
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
    await watching.#start();
    return watching;
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

  async #start(): Promise<void> {
    const { quorum, cmap } = this.#services;
    const membership = await MembershipWatch.start(quorum, PATIENT, (event) => this.#toldMembership(event));
    for (const [key, prefix] of TRACKED) {
      await cmap.track(key, { prefix, listener: (event) => this.#toldKey(event) });
    }
    // What has been told until now, the first reading has in it.
    this.#membership = membership;
    this.reread();
    this.#probe();
    await this.#reading;
    this.#started = true;
    this.#beat((reports) => this.#askVotes(reports));
    this.#beat((reports) => this.#askLinks(reports));
    this.#later(() => this.#readFigures(), 0);
  }

  #toldMembership(event: QuorumTrackEvent): void {
    this.#unsettledAt = performance.now();
    if (this.#membership === undefined) return;
    const at = new Date();
    if (event.kind === 'nodelist') {
      const { ringId, members, joined, left } = event;
      this.#sink.told({ kind: 'membership', at, ring: ringId, members, joined, left });
    } else if (event.kind === 'quorum') this.#sink.told({ kind: 'quorum', at, quorate: event.quorate });
    this.#changed();
  }

  #toldKey(event: CmapTrackEvent): void {
    if (event.kind === 'notification') this.#help.map.changed(event.key);
    if (this.#membership === undefined) return;
    if (event.kind === 'notification' && event.key.startsWith('config.')) {
      const ok = this.#reloads.changed(event.key, event.newValue);
      if (ok !== undefined) this.#sink.told({ kind: 'reload', at: new Date(), ok });
    }
    this.#changed();
  }

  /** Everything is read again. */
  #changed(): void {
    if (this.#closed || this.#membership === undefined) return;
    this.#sink.heard(0);
    if (!this.#membership.settled) this.#sink.restless();
    this.reread();
  }

  async #read(membership: MembershipWatch | undefined): Promise<void> {
    try {
      while (membership !== undefined && this.#wanted && !this.#closed) {
        const waitMs = this.#pace.next(performance.now());
        if (waitMs > 0) await sleep(waitMs, undefined, { signal: this.#closing.signal });
        this.#wanted = false;
        const asked = new Date();
        const reports = await readReports(this.#services, membership, this.#help, PATIENT);
        await membership.caughtUp(PATIENT);
        if (this.#isClosed()) return;
        this.#take(reports, asked, membership.settled);
      }
    } catch (error) {
      // Of a connection that is gone this does nothing; else another one may do better.
      if (!this.#closed) this.#services.destroy(asError(error));
    }
  }

  #take(reports: ClusterReports, asked: Date, settled: boolean): void {
    this.#reports = reports;
    this.#asked = { votes: asked, links: asked };
    if (this.#reloads.read(reports.map)) this.#sink.told({ kind: 'reload', at: new Date(), ok: false });
    this.#sink.heard(0);
    this.#sink.read({ reports, asked, whole: !this.#wanted, settled });
  }

  #isClosed(): boolean {
    return this.#closed;
  }

  /** Until it is asked for something in any case: a corosync that stands still while it is read first is to be noticed, too. */
  #probe(): void {
    if (this.#started) return;
    this.#later(async () => {
      const askedAt = performance.now();
      await this.#services.cfg.localNodeId(PATIENT);
      if (!this.#closed) this.#sink.heard(this.#standstillMs(askedAt));
      this.#probe();
    }, PROBE_EACH_MS);
  }

  #beat(ask: Ask): void {
    this.#later(async () => {
      await this.#ask(ask);
      this.#beat(ask);
    }, paceOf(this.#reports?.map).beatMs(this.#maxBeatMs));
  }

  /** @param then its failure ends the connection */
  #later(then: () => Promise<void>, ms: number): void {
    if (this.#closed || this.#services.closed) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      then().catch((error: unknown) => {
        if (!this.#closed) this.#services.destroy(asError(error));
      });
    }, ms);
    this.#timers.add(timer);
  }

  async #ask(ask: Ask): Promise<void> {
    const reports = this.#reports;
    if (reports === undefined) return;
    const askedAt = performance.now();
    const differs = await ask(reports);
    if (this.#closed || differs === undefined) return;
    this.#sink.roundTrip(performance.now() - askedAt);
    this.#sink.heard(this.#standstillMs(askedAt));
    // If all has been read meanwhile, it is newer.
    if (reports !== this.#reports) return;
    if (differs) this.reread();
    else this.#sink.confirmed(this.#asked.votes < this.#asked.links ? this.#asked.votes : this.#asked.links);
  }

  /** How long corosync may have stood still. It answers nothing while a quorum device decides on a membership, but it does not stand still. */
  #standstillMs(askedAt: number): number {
    const isDeciding = this.#membership?.settled === false || this.#unsettledAt >= askedAt;
    return isDeciding ? 0 : performance.now() - askedAt;
  }

  async #askVotes({ votes }: ClusterReports): Promise<boolean> {
    const asked = new Date();
    if (votes === undefined || votes.size === 0) await this.#services.cfg.localNodeId(PATIENT);
    else if (!isDeepStrictEqual(await readVotes(this.#services, [...votes.keys()], PATIENT), votes))
      return true;
    this.#asked.votes = asked;
    return false;
  }

  async #askLinks({ links }: ClusterReports): Promise<boolean | undefined> {
    const asked = new Date();
    const nothing = links === undefined || links.size === 0;
    if (!nothing && !isDeepStrictEqual(await readLinks(this.#services, [...links.keys()], PATIENT), links))
      return true;
    this.#asked.links = asked;
    return nothing ? undefined : false;
  }

  async #readFigures(): Promise<void> {
    const links = linkNames(this.#reports?.links);
    const figures = await readFigures(this.#services.stats, links, PATIENT);
    if (this.#closed) return;
    this.#sink.figures(figures);
    this.#later(() => this.#readFigures(), Math.max(FIGURES_EACH_MS, figures.size * MS_PER_FIGURE));
  }
}
