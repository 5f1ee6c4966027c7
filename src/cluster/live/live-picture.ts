import { isDeepStrictEqual } from 'node:util';
import type { ConnectionError, CsError } from '../../errors/index.ts';
import { asError, type FollowerDriver, type SessionStatus } from '../../session/index.ts';
import type { ClusterFreshness, ClusterStaleReason, ClusterState } from '../cluster-state.ts';
import { paceOf } from '../pace.ts';
import { clusterState } from '../picture.ts';
import type { ClusterReports } from '../reports.ts';
import type { ClusterServices } from '../services.ts';
import { LatestValue } from './latest-value.ts';
import { Watching, type WatchingSink } from './watching.ts';

/** The most that is asked of corosync while it has `staleAfterMs` to answer. */
const BEATS_BEFORE_STALE = 2;
/** An event loop that was busy has answers to read before it can say that there are none. */
const GRACE_MS = 20;

type Condition =
  | { readonly kind: 'stale'; readonly why: ClusterStaleReason; readonly error?: CsError }
  | { readonly kind: 'settling' }
  | { readonly kind: 'fresh' };

/** The picture across connections: always true, or openly stale. */
export class LivePicture implements FollowerDriver<ClusterServices> {
  readonly states = new LatestValue<ClusterState>();
  readonly #staleAfterMs: number;
  #watching: Watching | undefined;
  /** Of the present connection: what an older one tells does not count any more. */
  #sink: WatchingSink | undefined;
  #reports: ClusterReports | undefined;
  /** Whether they are from the present connection. */
  #known = false;
  #condition: Condition = { kind: 'stale', why: 'starting' };
  #since = new Date();
  /** On the clock of performance.now(). */
  #heardAt = 0;
  #heardDate = new Date();
  #calm = false;
  /** corosync has been away or silent, or was not there when it was looked for first. */
  #missed = false;
  /** On the clock of performance.now(). */
  #settledAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(staleAfterMs: number) {
    this.#staleAfterMs = staleAfterMs;
  }

  get freshness(): ClusterFreshness {
    if (this.#condition.kind === 'fresh') return { kind: 'fresh', asOf: this.#heardDate };
    return { ...this.#condition, since: this.#since };
  }

  async attach(services: ClusterServices): Promise<void> {
    if (this.#ended) return;
    this.#sink = this.#newSink();
    this.#heardAt = performance.now();
    this.#arm();
    try {
      const watching = await Watching.start(
        services,
        this.#sink,
        this.#staleAfterMs / BEATS_BEFORE_STALE,
        (started) => (this.#watching = started),
      );
      // It may have ended meanwhile.
      if (this.#watching !== watching) watching.close();
    } catch (error) {
      // Whatever corosync refuses, another connection may do better.
      services.destroy(asError(error));
    }
  }

  /** What a session says that has no connection. */
  noteStatus(status: SessionStatus): void {
    if (status.state !== 'unavailable') return;
    this.#missed = true;
    const why = status.error.code === 'CS_ERR_ACCESS' ? 'denied' : 'disconnected';
    this.#become({ kind: 'stale', why, error: status.error });
  }

  lost(error: ConnectionError): void {
    this.#unwatch();
    this.#missed = true;
    this.#become({ kind: 'stale', why: 'disconnected', error });
  }

  end(): void {
    if (this.#ended) return;
    this.#unwatch();
    this.#become({ kind: 'stale', why: 'closed' });
    this.#ended = true;
    this.states.end();
  }

  #unwatch(): void {
    this.#sink = undefined;
    this.#watching?.close();
    this.#watching = undefined;
    this.#known = false;
    clearTimeout(this.#timer);
  }

  #newSink(): WatchingSink {
    const ifInUse = (then: () => void): void => {
      if (this.#sink === sink) then();
    };
    const sink: WatchingSink = {
      heard: (waitedMs) => ifInUse(() => this.#heard(waitedMs)),
      restless: () => ifInUse(() => this.#restless()),
      read: (reports, calm) => ifInUse(() => this.#read(reports, calm)),
    };
    return sink;
  }

  #heard(waitedMs: number): void {
    this.#heardAt = performance.now();
    this.#heardDate = new Date();
    const wasSilent = this.#condition.kind === 'stale' && this.#condition.why === 'not answering';
    if (wasSilent || waitedMs > paceOf(this.#reports?.map).suspiciousMs) this.#settle();
    if (wasSilent && this.#known) this.#watching?.reread();
    this.#judge();
  }

  #restless(): void {
    this.#calm = false;
    this.#judge();
  }

  #read(reports: ClusterReports, calm: boolean): void {
    const changed = !isDeepStrictEqual(reports, this.#reports);
    this.#reports = reports;
    this.#known = true;
    this.#calm = calm;
    if (this.#missed) this.#settle();
    this.#missed = false;
    this.#judge(changed);
  }

  /** corosync has still to find out what has happened, unless there is nobody of whom it could. */
  #settle(): void {
    if (!this.#known || this.#reports === undefined) this.#missed = true;
    else if (!isAlone(this.#reports))
      this.#settledAt = performance.now() + paceOf(this.#reports.map).settleMs;
  }

  #judge(changed = false): void {
    if (this.#known) {
      const settling = !this.#calm || performance.now() < this.#settledAt;
      this.#become({ kind: settling ? 'settling' : 'fresh' }, changed);
    }
    this.#arm();
  }

  #become(condition: Condition, changed = false): void {
    if (this.#ended) return;
    const same = isDeepStrictEqual(kindOf(condition), kindOf(this.#condition));
    if (!same) this.#since = new Date();
    this.#condition = condition;
    if (this.#reports === undefined) return;
    if (!same || changed) this.states.set(clusterState(this.#reports, this.freshness));
    else this.#refresh();
  }

  /** The same, as of now: nobody is told. */
  #refresh(): void {
    const state = this.states.value;
    if (state === undefined || this.#condition.kind !== 'fresh') return;
    this.states.replace(Object.freeze({ ...state, freshness: Object.freeze(this.freshness) }));
  }

  /** Looks again when the silence has been too long, or when corosync has had the time to find out. */
  #arm(): void {
    clearTimeout(this.#timer);
    if (this.#sink === undefined || this.#ended) return;
    const now = performance.now();
    const silentInMs = this.#heardAt + this.#staleAfterMs - now;
    const settledInMs = this.#settledAt > now ? this.#settledAt - now : Infinity;
    const waitMs = Math.max(Math.min(silentInMs, settledInMs), 0);
    this.#timer = setTimeout(() => this.#look(), waitMs + 1);
  }

  #look(): void {
    const heardAt = this.#heardAt;
    if (performance.now() < heardAt + this.#staleAfterMs) return this.#judge();
    this.#timer = setTimeout(() => {
      if (this.#heardAt === heardAt) this.#become({ kind: 'stale', why: 'not answering' });
    }, GRACE_MS);
  }
}

function kindOf(condition: Condition): object {
  return condition.kind === 'stale' ? { kind: 'stale', why: condition.why } : { kind: condition.kind };
}

function isAlone(reports: ClusterReports): boolean {
  return clusterState(reports, { kind: 'settling', since: new Date(0) }).nodes.length === 1;
}
