import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { CmapTrackEvent } from '../../cmap/index.ts';
import { asError } from '../../errors/index.ts';
import type { QuorumTrackEvent } from '../../quorum/index.ts';
import type { Told } from '../events/told.ts';
import { readSilence } from '../figures/read-figures.ts';
import { FILE_LOOKS, type ConfigFile } from '../drift/config-file.ts';
import type { ComparedAsOf } from '../drift/drift.ts';
import { MapCache } from '../map-cache.ts';
import { MembershipWatch } from '../membership-watch.ts';
import { present } from '../present.ts';
import { readDrift, readReports, type ReadingHelp, type Reports } from '../read-reports.ts';
import type { ClusterReports } from '../reports.ts';
import type { ClusterServices } from '../services.ts';
import { Asking, PATIENT, type AskingFor, type AskingSink } from './asking.ts';
import { Later } from './later.ts';
import { ReadingPace } from './reading-pace.ts';
import { ReloadWatch } from './reload-watch.ts';
import { StatsWatch } from './stats-watch.ts';

/** A reading of all. */
export interface Reading extends Reports {
  /** When it began. */
  readonly asked: Date;
  /** Nothing was told meanwhile. */
  readonly whole: boolean;
  /** Quorum is known of the membership. */
  readonly settled: boolean;
  /** How long the token had been away by then; only of the first one, later it is told. */
  readonly silenceMs?: number;
}

/** What is heard on one connection; `heard`: corosync has told of something, too. */
export interface WatchingSink extends AskingSink {
  /** Something changes, and corosync has not found out yet what holds. */
  restless(): void;
  told(told: Told): void;
  read(reading: Reading): void;
  /** corosync.conf and what is compared with it were as they had been read. */
  compared(asOf: Partial<ComparedAsOf>): void;
  /** How long the token was away. */
  silence(ms: number): void;
}

export interface WatchingOptions {
  /** corosync is asked so often at least. */
  readonly maxBeatMs: number;
  readonly file: ConfigFile | undefined;
}

/** Keys of the map whose changes no service tells. */
const TRACKED: readonly (readonly [key: string, prefix: boolean])[] = [
  ['nodelist.', true],
  ['runtime.members.', true],
  ['config.', true],
  ['totem.', true],
  ['runtime.votequorum.wait_for_all_status', false],
];

/**
 * Keeps a picture of the cluster up to date on one connection. All is read again after every event, so that it is always one picture; and what no event tells,
 * links and some of the votes, is asked for now and then, which also shows that corosync lives.
 */
export class Watching implements AskingFor {
  readonly #services: ClusterServices;
  readonly #sink: WatchingSink;
  readonly #later: Later;
  readonly #asking: Asking;
  readonly #pace = new ReadingPace();
  readonly #closing = new AbortController();
  readonly #reloads = new ReloadWatch();
  readonly #help: ReadingHelp;
  #membership: MembershipWatch | undefined;
  #reports: ClusterReports | undefined;
  /** When quorum was not known of the membership last, on the clock of performance.now(). */
  #unsettledAt = -Infinity;
  #wanted = false;
  #reading: Promise<void> | undefined;
  #closed = false;

  private constructor(services: ClusterServices, sink: WatchingSink, { maxBeatMs, file }: WatchingOptions) {
    this.#services = services;
    this.#sink = sink;
    this.#later = new Later((error) => this.#failed(error));
    this.#asking = new Asking(services, sink, this, this.#later, maxBeatMs);
    const statsWatch = new StatsWatch(services.stats, {
      changed: () => this.#changed(),
      silence: (ms) => this.#sink.silence(ms),
    });
    this.#help = { map: new MapCache(), follow: (counts) => statsWatch.follow(counts), file };
  }

  /**
   * Resolves when all has been read once.
   * @param started may end it from then on
   */
  static async start(
    services: ClusterServices,
    sink: WatchingSink,
    how: WatchingOptions,
    started: (watching: Watching) => void,
  ): Promise<Watching> {
    const watching = new Watching(services, sink, how);
    started(watching);
    await watching.#start();
    return watching;
  }

  /** What was read last. */
  get reports(): ClusterReports | undefined {
    return this.#reports;
  }

  wasDeciding(since: number): boolean {
    return this.#membership?.settled === false || this.#unsettledAt >= since;
  }

  reread(): void {
    this.#wanted = true;
    this.#reading ??= this.#read(this.#membership).finally(() => (this.#reading = undefined));
  }

  /** Nothing is told any more. The connection is not its own. */
  close(): void {
    this.#closed = true;
    this.#closing.abort();
    this.#later.close();
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
    this.#asking.probe();
    await this.#reading;
    this.#asking.start();
    this.#lookAtFile();
  }

  #lookAtFile(): void {
    const { file } = this.#help;
    if (file === undefined) return;
    this.#later.do(async () => {
      const asOf = (await file.look()) ? undefined : await this.#sameAsOf(file);
      if (this.#closed) return;
      if (asOf === undefined) this.reread();
      else if (this.#reading === undefined) this.#sink.compared(asOf);
      this.#lookAtFile();
    }, FILE_LOOKS.eachMs);
  }

  /** Of some keys that are compared no change is told: what differed may do so no more. `undefined`: it is not as it was. */
  async #sameAsOf(file: ConfigFile): Promise<Partial<ComparedAsOf> | undefined> {
    const { drift = [], map, localNodeId } = this.#reports ?? {};
    if (map === undefined || localNodeId === undefined || drift.length === 0) return { file: file.asOf };
    const known = await readDrift(this.#services, map, localNodeId, this.#help, PATIENT);
    return isDeepStrictEqual(known?.drift, drift) ? known?.asOf : undefined;
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
    if (event.kind === 'notification') this.#help.map.changed(event.key, event.newValue);
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
        const read = await readReports(this.#services, membership, this.#help, PATIENT);
        const silenceMs =
          this.#reports === undefined ? await readSilence(this.#services.stats, PATIENT) : undefined;
        await membership.caughtUp(PATIENT);
        if (this.#isClosed()) return;
        const { settled } = membership;
        this.#take({ ...read, asked, whole: !this.#wanted, settled, ...present('silenceMs', silenceMs) });
      }
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Of a connection that is gone this does nothing; else another one may do better. */
  #failed(error: unknown): void {
    if (!this.#closed) this.#services.destroy(asError(error));
  }

  #take(reading: Reading): void {
    const { reports, asked } = reading;
    this.#reports = reports;
    this.#asking.read(asked);
    if (this.#reloads.read(reports.map)) this.#sink.told({ kind: 'reload', at: new Date(), ok: false });
    this.#sink.heard(0);
    this.#sink.read(reading);
  }

  #isClosed(): boolean {
    return this.#closed;
  }
}
