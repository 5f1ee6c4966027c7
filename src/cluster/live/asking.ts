import { isDeepStrictEqual } from 'node:util';
import type { CmapValue } from '../../codec/cmap/value.ts';
import { linkNames } from '../figures/figures.ts';
import { readFigures } from '../figures/read-figures.ts';
import { paceOf } from '../pace.ts';
import { readLinks, readVotes } from '../read-reports.ts';
import type { ClusterReports } from '../reports.ts';
import type { ClusterServices } from '../services.ts';
import type { Later } from './later.ts';

/** What is heard of what is asked for. */
export interface AskingSink {
  /** corosync has answered. @param waitedMs how long it may have stood still before */
  heard(waitedMs: number): void;
  /** @param ms how long the answer to one question took */
  roundTrip(ms: number): void;
  /** What no event tells was as it had been read. @param asked when both links and votes were */
  confirmed(asked: Date): void;
  /** Statistics that move all the time. */
  figures(figures: ReadonlyMap<string, CmapValue>): void;
}

/** What it has to know of whoever reads. */
export interface AskingFor {
  /** What was read last. */
  readonly reports: ClusterReports | undefined;
  /** It is not as it was read. */
  reread(): void;
  /** A quorum device may have been deciding on a membership at some time since then. @param since on the clock of performance.now() */
  wasDeciding(since: number): boolean;
}

/** Whether what it was told differs from what was read; `undefined`: there is nothing to ask. */
type Ask = (reports: ClusterReports) => Promise<boolean | undefined>;

/** For ever: who waits says so by freshness, and a connection that is lost ends all calls. */
export const PATIENT = { timeoutMs: Infinity };
const PROBE_EACH_MS = 100;
/** As often as most systems scrape. */
const FIGURES_EACH_MS = 15_000;
/** Of a large cluster they are read less often: corosync is not to be asked for more than 100 a second. */
const MS_PER_FIGURE = 10;

/** Asks now and then for what no event tells: links, some of the votes, and figures. That also shows that corosync lives. */
export class Asking {
  readonly #services: ClusterServices;
  readonly #sink: AskingSink;
  readonly #for: AskingFor;
  readonly #later: Later;
  readonly #maxBeatMs: number;
  #asked = { votes: new Date(), links: new Date() };
  #started = false;

  /** @param maxBeatMs corosync is asked so often at least */
  constructor(
    services: ClusterServices,
    sink: AskingSink,
    reader: AskingFor,
    later: Later,
    maxBeatMs: number,
  ) {
    this.#services = services;
    this.#sink = sink;
    this.#for = reader;
    this.#later = later;
    this.#maxBeatMs = maxBeatMs;
  }

  /** Until it is asked for something in any case: a corosync that stands still while it is read first is to be noticed, too. */
  probe(): void {
    if (this.#started) return;
    this.#later.do(async () => {
      const askedAt = performance.now();
      await this.#services.cfg.localNodeId(PATIENT);
      if (!this.#later.closed) this.#sink.heard(this.#standstillMs(askedAt));
      this.probe();
    }, PROBE_EACH_MS);
  }

  start(): void {
    this.#started = true;
    this.#beat((reports) => this.#askVotes(reports));
    this.#beat((reports) => this.#askLinks(reports));
    this.#later.do(() => this.#readFigures(), 0);
  }

  /** All has been read. */
  read(asked: Date): void {
    this.#asked = { votes: asked, links: asked };
  }

  #beat(ask: Ask): void {
    this.#later.do(async () => {
      await this.#ask(ask);
      this.#beat(ask);
    }, paceOf(this.#for.reports?.map).beatMs(this.#maxBeatMs));
  }

  async #ask(ask: Ask): Promise<void> {
    const { reports } = this.#for;
    if (reports === undefined) return;
    const askedAt = performance.now();
    const differs = await ask(reports);
    if (this.#later.closed || differs === undefined) return;
    this.#sink.roundTrip(performance.now() - askedAt);
    this.#sink.heard(this.#standstillMs(askedAt));
    // If all has been read meanwhile, it is newer.
    if (reports !== this.#for.reports) return;
    if (differs) this.#for.reread();
    else this.#sink.confirmed(this.#asked.votes < this.#asked.links ? this.#asked.votes : this.#asked.links);
  }

  /** How long corosync may have stood still. It answers nothing while a quorum device decides on a membership, but it does not stand still. */
  #standstillMs(askedAt: number): number {
    return this.#for.wasDeciding(askedAt) ? 0 : performance.now() - askedAt;
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
    const links = linkNames(this.#for.reports?.links);
    const figures = await readFigures(this.#services.stats, links, PATIENT);
    if (this.#later.closed) return;
    this.#sink.figures(figures);
    this.#later.do(() => this.#readFigures(), Math.max(FIGURES_EACH_MS, figures.size * MS_PER_FIGURE));
  }
}
