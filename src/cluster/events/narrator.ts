import { ConnectionError, isNobodyThere, type CsError } from '../../errors/index.ts';
import type { ComparedAsOf, KnownDrift, KnownMistake } from '../drift/drift.ts';
import type { ClusterFreshness, ClusterStaleReason, ClusterState } from '../cluster-state.ts';
import { STATISTICS_EACH_MS } from '../pace.ts';
import { present } from '../present.ts';
import { Churn } from './churn.ts';
import { configFindings } from './config.ts';
import type { ClusterEventCause, Finding } from './event-types.ts';
import { HeldLinks, type HoldTimes } from './held-links.ts';
import { ipcFindings } from './ipc.ts';
import { downWithNode, linkFindings, shrunkLinks } from './links.ts';
import { memberFindings } from './members.ts';
import { quorumFindings } from './quorum.ts';
import type { Comparison, Told, ToldMember } from './told.ts';
import { silenceFinding, totemFindings } from './totem.ts';

/** What is told in one gap is bounded; what is dropped is found by comparing. */
const MOST_TOLD = 1024;

/** What a narrator is told of a state. */
export interface Noted {
  readonly state: ClusterState;
  /** Whether it differs from the one that was noted before, for all that is known. */
  readonly changed: boolean;
  /** When what is polled was as it is; it was asked for one after the other. */
  readonly asked: Date;
  /** The same of what corosync.conf was compared with; absent where it was not. */
  readonly comparedAsOf?: ComparedAsOf;
  /** How long what may be explained in a moment is held back. */
  readonly hold: HoldTimes;
  /** On the clock of performance.now(). */
  readonly now: number;
}

/** Finds what is to be told: nothing that has not happened, nothing twice, and at the end nothing is missing. */
export class Narrator {
  readonly #tell: (findings: readonly Finding[], state: ClusterState | undefined) => void;
  readonly #held = new HeldLinks();
  readonly #churn = new Churn();
  readonly #lastMember = new Map<number, ToldMember>();
  #downWithNode: ReadonlySet<string> = new Set();
  #shrunk: ReadonlySet<string> = new Set();
  /** How often the token had been lost by the time of the last membership; `undefined`: it is not known. */
  #lossesBefore: bigint | undefined;
  /** What readers have been told, all of it. */
  #told: ClusterState | undefined;
  #heard: Told[] = [];
  #since = new Date();
  /** As readers have been told it; it stays while nothing is known of the file. */
  #drift: KnownDrift | undefined;
  #mistake: KnownMistake | undefined;
  #gap: ClusterEventCause | undefined;
  #restarted = false;
  /** What readers were told last of whether the state holds; `undefined`: that it does. */
  #doubt: ClusterStaleReason | 'settling' | undefined;
  #isDown = false;
  #isSilent = false;

  constructor(tell: (findings: readonly Finding[], state: ClusterState | undefined) => void) {
    this.#tell = tell;
  }

  /** The state that events have led to: a reader who begins now begins with it. */
  stateTold(freshness: ClusterFreshness): ClusterState | undefined {
    return this.#told === undefined
      ? undefined
      : Object.freeze({ ...this.#told, freshness: Object.freeze(freshness) });
  }

  /** When `note` is to be called again in any case, on the clock of performance.now(). */
  get heldUntil(): number | undefined {
    return this.#held.until;
  }

  /** Nothing waits to be told: `note` need not be called for a state that has not changed. */
  get isQuiet(): boolean {
    const waits = this.#heard.length > 0 || this.#held.until !== undefined || this.#gap !== undefined;
    return !waits && this.#told !== undefined && this.#doubt === undefined && !this.#isDown;
  }

  /** What has been told holds. @param asked when what is polled was as it is */
  confirm(asked: Date, comparedAsOf?: ComparedAsOf): void {
    this.#since = asked;
    this.#compared(this.#told, comparedAsOf);
  }

  hear(told: Told): void {
    this.#heard.push(told);
    if (this.#heard.length > MOST_TOLD) this.#heard.shift();
  }

  /** Corosync cannot be relied on. */
  stale(why: ClusterStaleReason, error: CsError | undefined, state: ClusterState | undefined): void {
    if (this.#doubt === why || why === 'starting' || why === 'closed') return;
    this.#doubt = why;
    const trouble = present('error', error);
    const findings: Finding[] = [];
    let explainedBy: ClusterEventCause | undefined;
    if (why !== 'not answering') {
      const type = why === 'denied' ? 'corosync.denied' : 'corosync.down';
      const words = why === 'denied' ? 'Corosync does not allow this user' : awayWords(error);
      findings.push({
        type,
        message: `${words}${error === undefined ? '' : `: ${error.message}`}.`,
        ...trouble,
      });
      explainedBy = { type };
      this.#isDown = true;
      this.#restarted = true;
    }
    const message = `Nothing is known of the cluster any more: ${why}.`;
    findings.push({ type: 'stale', why, message, ...trouble, explainedBy });
    this.#doubtful(explainedBy ?? { type: 'stale' });
    this.#tell(findings, state);
  }

  /** Corosync has still to find out. */
  settling(state: ClusterState): void {
    const explainedBy = this.#up(state) ? ({ type: 'corosync.up' } as const) : undefined;
    if (this.#doubt === 'settling') return;
    this.#doubt = 'settling';
    const message = 'Corosync is finding out what the cluster is.';
    this.#tell([{ type: 'settling', message, explainedBy }], state);
  }

  /** What happens from now on cannot be relied on to be told, or to last. */
  doubt(): void {
    this.#doubtful({ type: 'settling' });
  }

  /** How long the token was away, as corosync has measured it. */
  silence(silenceMs: number, tokenMs: number, stateNow: () => ClusterState | undefined): void {
    const isSilent = silenceMs > tokenMs / 2;
    const begins = isSilent && !this.#isSilent && this.#gap === undefined && this.#told !== undefined;
    this.#isSilent = isSilent;
    const state = begins ? stateNow() : undefined;
    if (state === undefined) return;
    const notBefore = new Date(Date.now() - silenceMs - STATISTICS_EACH_MS);
    this.#tell([{ ...silenceFinding(state, silenceMs, tokenMs), notBefore }], state);
  }

  /** A state that holds. */
  note(noted: Noted): void {
    const { state, changed, asked, comparedAsOf } = noted;
    this.#up(state);
    if (this.#told === undefined) return this.#begin(noted);
    const { length } = this.#heard;
    if (changed || length > 0 || this.#held.until !== undefined || this.#gap !== undefined)
      this.#compare(this.#told, noted);
    this.#gap = undefined;
    this.#restarted = false;
    this.#since = asked;
    this.#compared(state, comparedAsOf);
    if (this.#doubt === undefined) return;
    this.#doubt = undefined;
    this.#tell([{ type: 'fresh', message: 'All that is known of the cluster holds.' }], state);
  }

  #begin({ state, asked, comparedAsOf }: Noted): void {
    this.#told = state;
    this.#lossesBefore = state.totem?.tokenLost.operational;
    this.#downWithNode = downWithNode(new Set(), state, []);
    this.#heard = [];
    this.#gap = undefined;
    this.#restarted = false;
    this.#since = asked;
    this.#compared(state, comparedAsOf);
    const findings: Finding[] = [{ type: 'snapshot', message: snapshotMessage(state) }];
    if (this.#doubt !== undefined)
      findings.push({ type: 'fresh', message: 'All that is known of the cluster holds.' });
    this.#doubt = undefined;
    this.#tell(findings, state);
  }

  #compare(previous: ClusterState, { state, hold, now }: Noted): void {
    const next = this.#held.hold(previous, state, now, hold);
    const told = this.#heard;
    this.#heard = [];
    const comparison = {
      previous,
      next,
      told,
      now: new Date(),
      since: this.#since,
      driftBefore: this.#drift,
      mistakeBefore: this.#mistake,
      gap: this.#gap,
      restarted: this.#restarted,
      losses: this.#losses(previous, next, told),
      lastMember: this.#lastMember,
      downWithNode: this.#downWithNode,
      shrunk: this.#shrunk,
    };
    this.#told = next;
    const findings = this.#find(comparison);
    this.#downWithNode = downWithNode(this.#downWithNode, next, findings);
    this.#shrunk = shrunkLinks(this.#shrunk, findings);
    if (findings.length > 0) this.#tell(findings, state);
  }

  /** A token that is lost is told with what it leads to: a membership, be it the same as before. */
  #losses(previous: ClusterState, next: ClusterState, told: readonly Told[]): number | undefined {
    const isNewRing = told.some(({ kind }) => kind !== 'reload') || previous.ring?.seq !== next.ring?.seq;
    const now = next.totem?.tokenLost.operational;
    const before = this.#lossesBefore;
    if (!isNewRing && this.#gap === undefined) return undefined;
    this.#lossesBefore = now;
    return this.#restarted || now === undefined || before === undefined ? undefined : Number(now - before);
  }

  #find(comparison: Comparison): readonly Finding[] {
    const members = memberFindings(comparison);
    const churn = this.#churn.note(comparison, members);
    const links = linkFindings(comparison, members);
    for (const finding of members) {
      if (!('nodeId' in finding)) continue;
      const { type, nodeId } = finding;
      this.#lastMember.set(nodeId, { cause: { type, nodeId }, at: comparison.now });
    }
    return [
      ...configFindings(comparison),
      ...totemFindings(comparison, members),
      // What explains comes before what it explains.
      ...links.filter(({ explainedBy }) => explainedBy === undefined),
      ...members,
      ...quorumFindings(comparison),
      ...links.filter(({ explainedBy }) => explainedBy !== undefined),
      ...ipcFindings(comparison),
      ...(churn === undefined ? [] : [churn]),
    ];
  }

  /** Whether corosync was away. */
  #up(state: ClusterState): boolean {
    if (!this.#isDown) return false;
    this.#isDown = false;
    this.#tell([{ type: 'corosync.up', message: 'Corosync is there.' }], state);
    return true;
  }

  #compared(state: ClusterState | undefined, asOf: ComparedAsOf | undefined): void {
    if (state === undefined || asOf === undefined) return;
    const { drift, mistake } = state.config;
    if (drift !== undefined) this.#drift = { drift, asOf };
    if (drift !== undefined || mistake !== undefined) this.#mistake = { mistake, asOf: asOf.file };
  }

  #doubtful(cause: ClusterEventCause): void {
    this.#gap ??= cause;
  }
}

/** Who answered, and could not be connected to for another reason, as full shared memory, is not gone. */
function awayWords(error: CsError | undefined): string {
  const isThere =
    error instanceof ConnectionError && error.operation === 'connect' && !isNobodyThere(error.errno);
  return isThere ? 'Corosync cannot be connected to' : 'Corosync is gone';
}

/** A sentence about the whole. */
export function snapshotMessage({ quorum, nodes, links = [] }: ClusterState): string {
  const members = nodes.filter(({ state }) => state === 'member').length;
  const down = links.filter(({ connected }) => !connected).length;
  const words = `${quorum.quorate ? 'The cluster is quorate' : 'The cluster is NOT quorate'}, with ${members} of ${nodes.length} nodes`;
  return down === 0 ? `${words}.` : `${words}; ${down} of ${links.length} links are down.`;
}
