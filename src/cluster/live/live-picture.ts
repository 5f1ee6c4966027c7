import { isDeepStrictEqual } from 'node:util';
import type { CmapValue } from '../../codec/cmap/value.ts';
import { asError, type ConnectionError } from '../../errors/index.ts';
import type { FollowerDriver, SessionStatus } from '../../session/index.ts';
import type { ClusterFreshness, ClusterState } from '../cluster-state.ts';
import { EventHub, type ClusterSeverityPolicy } from '../events/event-hub.ts';
import { Narrator } from '../events/narrator.ts';
import type { Told } from '../events/told.ts';
import type { ConfigFile } from '../drift/config-file.ts';
import type { ComparedAsOf } from '../drift/drift.ts';
import { isWithoutToken, paceOf, type Pace } from '../pace.ts';
import { clusterState } from '../picture.ts';
import { present } from '../present.ts';
import type { ClusterServices } from '../services.ts';
import { Alarm } from './alarm.ts';
import { Aside } from './aside.ts';
import { isSameCondition, type Condition } from './condition.ts';
import { LatestValue } from './latest-value.ts';
import { Watching, type Reading, type WatchingSink } from './watching.ts';

/** The most that is asked of corosync while it has `staleAfterMs` to answer. */
const BEATS_BEFORE_STALE = 2;
/** A membership that has settled by then is not worth a word: only a quorum device takes longer. */
const RESTLESS_MS = 1000;

export interface LivePictureOptions {
  readonly staleAfterMs: number;
  readonly severity: ClusterSeverityPolicy | undefined;
  /** corosync.conf, if it is known where that is. */
  readonly file: ConfigFile | undefined;
}

/** The picture across connections: always true, or openly stale. */
export class LivePicture implements FollowerDriver<ClusterServices> {
  readonly states = new LatestValue<ClusterState>();
  readonly events: EventHub;
  readonly #narrator: Narrator;
  readonly #aside = new Aside();
  readonly #alarm: Alarm;
  readonly #maxBeatMs: number;
  readonly #file: ConfigFile | undefined;
  #watching: Watching | undefined;
  /** Of the present connection: what an older one tells does not count any more. */
  #sink: WatchingSink | undefined;
  #reading: Reading | undefined;
  /** Whether it is from the present connection. */
  #known = false;
  /** When what is polled was as it is. */
  #asked = new Date();
  /** The same of what corosync.conf was compared with. */
  #comparedAsOf: ComparedAsOf | undefined;
  /** Something has changed that has not been noted. */
  #changed = false;
  /** corosync has told something that has not been read yet. */
  #unread = false;
  #condition: Condition = { kind: 'stale', why: 'starting' };
  #since = new Date();
  #heardDate = new Date();
  #calm = false;
  /** On the clock of performance.now(); since when it is not. */
  #restlessAt: number | undefined;
  /** corosync has been away or silent, or was not there when it was looked for first. */
  #missed = false;
  /** On the clock of performance.now(). */
  #settledAt = 0;
  #ended = false;

  constructor({ staleAfterMs, severity, file }: LivePictureOptions) {
    this.#alarm = new Alarm(staleAfterMs, {
      look: () => this.#judge(),
      silent: () => this.#become({ kind: 'stale', why: 'not answering' }),
    });
    this.#maxBeatMs = staleAfterMs / BEATS_BEFORE_STALE;
    this.#file = file;
    this.events = new EventHub(severity, () => this.#narrator.stateTold(this.freshness));
    this.#narrator = new Narrator((findings, state) => this.events.tell(findings, state));
  }

  get freshness(): ClusterFreshness {
    if (this.#condition.kind === 'fresh') return { kind: 'fresh', asOf: this.#heardDate };
    return { ...this.#condition, since: this.#since };
  }

  async attach(services: ClusterServices): Promise<void> {
    if (this.#ended) return;
    this.#sink = this.#newSink();
    this.#alarm.heard();
    this.#arm();
    try {
      const watching = await Watching.start(
        services,
        this.#sink,
        { maxBeatMs: this.#maxBeatMs, file: this.#file },
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
    this.events.end();
  }

  #unwatch(): void {
    this.#sink = undefined;
    this.#watching?.close();
    this.#watching = undefined;
    this.#known = false;
    this.#alarm.clear();
  }

  #newSink(): WatchingSink {
    const ifInUse = (then: () => void): void => {
      if (this.#sink === sink) then();
    };
    const sink: WatchingSink = {
      heard: (waitedMs) => ifInUse(() => this.#heard(waitedMs)),
      roundTrip: (ms) => ifInUse(() => this.#aside.roundTrip(ms)),
      restless: () => ifInUse(() => this.#restless()),
      told: (told) => ifInUse(() => this.#told(told)),
      read: (reading) => ifInUse(() => this.#read(reading)),
      confirmed: (asked) => ifInUse(() => (this.#asked = asked)),
      compared: (asOf) => ifInUse(() => this.#compared(asOf)),
      figures: (figures) => ifInUse(() => this.#figures(figures)),
      silence: (ms) => ifInUse(() => this.#silence(ms)),
    };
    return sink;
  }

  #heard(waitedMs: number): void {
    this.#alarm.heard();
    this.#heardDate = new Date();
    const wasSilent = this.#condition.kind === 'stale' && this.#condition.why === 'not answering';
    if (wasSilent || waitedMs > this.#pace.suspiciousMs) this.#settle();
    if (wasSilent && this.#known) this.#watching?.reread();
    this.#judge();
  }

  #told(told: Told): void {
    this.#unread = true;
    this.#narrator.hear(told);
  }

  #restless(): void {
    this.#calm = false;
    this.#judge();
  }

  #read(reading: Reading): void {
    const changed = !isDeepStrictEqual(reading.reports, this.#reading?.reports);
    this.#aside.read(reading.reports, !this.#known);
    this.#reading = reading;
    this.#asked = reading.asked;
    this.#comparedAsOf = reading.comparedAsOf;
    this.#changed ||= changed || !this.#known;
    this.#known = true;
    if (reading.whole) this.#unread = false;
    this.#calm = reading.settled && reading.whole;
    if (this.#missed || withoutToken(reading)) this.#settle();
    this.#missed = false;
    this.#judge(changed);
  }

  #compared(asOf: Partial<ComparedAsOf>): void {
    if (this.#comparedAsOf !== undefined) this.#comparedAsOf = { ...this.#comparedAsOf, ...asOf };
  }

  #figures(figures: ReadonlyMap<string, CmapValue>): void {
    this.#aside.noteFigures(figures);
    this.#changed = true;
    this.#heard(0);
  }

  #silence(ms: number): void {
    this.#aside.silence(ms);
    this.#heard(0);
    const { tokenMs } = this.#pace;
    if (this.#known) this.#narrator.silence(ms, tokenMs, () => this.states.value);
  }

  get #pace(): Pace {
    return paceOf(this.#reading?.reports.map);
  }

  /** corosync has still to find out what has happened, unless there is nobody of whom it could. */
  #settle(): void {
    this.#narrator.doubt();
    if (!this.#known || this.#reading === undefined) this.#missed = true;
    else if (!this.#isAlone) this.#settledAt = performance.now() + this.#pace.settleMs;
  }

  #judge(changed = false): void {
    const now = performance.now();
    if (this.#known) {
      if (this.#calm) this.#restlessAt = undefined;
      else this.#restlessAt ??= now;
      const settling = !this.#calm || now < this.#settledAt;
      this.#become({ kind: settling ? 'settling' : 'fresh' }, changed);
      this.#narrate(now);
    }
    this.#arm();
  }

  /** What has happened is told as soon as it is sure. */
  #narrate(now: number): void {
    const isRestless = this.#restlessAt !== undefined && now >= this.#restlessAt + RESTLESS_MS;
    const isFindingOut = now < this.#settledAt || isRestless;
    const isFresh = this.#condition.kind === 'fresh' && !this.#unread;
    if (isFresh && !this.#changed && this.#narrator.isQuiet)
      return this.#narrator.confirm(this.#asked, this.#comparedAsOf);
    const { value: state } = this.states;
    if (state === undefined) return;
    if (isFindingOut) this.#narrator.settling(state);
    if (!isFresh) return;
    const { hold } = this.#pace;
    const [changed, asked, comparedAsOf] = [this.#changed, this.#asked, this.#comparedAsOf];
    this.#narrator.note({ state, changed, asked, ...present('comparedAsOf', comparedAsOf), hold, now });
    this.#changed = false;
  }

  #become(condition: Condition, changed = false): void {
    if (this.#ended) return;
    const same = isSameCondition(condition, this.#condition);
    if (!same) this.#since = new Date();
    this.#condition = condition;
    if (!same || changed) this.#setState();
    else this.#refresh();
    if (condition.kind === 'stale') this.#narrator.stale(condition.why, condition.error, this.states.value);
  }

  #setState(): void {
    const state = this.#state;
    if (state !== undefined) this.states.set(state);
  }

  /** The same, as of now, with figures that move all the time: nobody is told, and it is made if somebody asks. */
  #refresh(): void {
    if (this.#condition.kind !== 'fresh') return;
    const make = this.#stateAsOf(this.freshness);
    if (make !== undefined) this.states.replace(make);
  }

  get #state(): ClusterState | undefined {
    return this.#stateAsOf(this.freshness)?.();
  }

  #stateAsOf(freshness: ClusterFreshness): (() => ClusterState) | undefined {
    const reports = this.#reading?.reports;
    return reports && (() => clusterState(reports, freshness, this.#aside));
  }

  get #isAlone(): boolean {
    return this.#state?.nodes.length === 1;
  }

  #arm(): void {
    if (this.#sink === undefined || this.#ended) return this.#alarm.clear();
    const restlessAt = (this.#restlessAt ?? Infinity) + RESTLESS_MS;
    this.#alarm.arm([this.#settledAt, restlessAt, this.#narrator.heldUntil ?? Infinity]);
  }
}

/** corosync stood still before it was read: it may have been given up by the others, and does not know it yet. */
function withoutToken({ reports, silenceMs = 0 }: Reading): boolean {
  return isWithoutToken(silenceMs, paceOf(reports.map).tokenMs, reports.quorate);
}
