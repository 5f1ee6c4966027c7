import type { ClusterQuorumIfLost } from './cluster-state.ts';

/** What votequorum counts, as far as it decides what a loss does. */
export interface VoteCount {
  readonly quorate: boolean;
  /** The votes that make the cluster quorate. */
  readonly needed: number;
  /** The votes that this node expects there to be. */
  readonly expected: number;
  /** The votes of each member; `undefined`: votequorum has not heard of them yet. */
  readonly members: readonly (number | undefined)[];
  /** The votes that a registered quorum device has, whether it gives them or not. */
  readonly deviceVotes: number;
  /** A quorum device that gives its vote makes its nodes quorate by itself. */
  readonly masterWins: boolean;
  readonly autoTieBreaker: boolean;
  readonly lastManStanding: boolean;
}

/**
 * What quorum is when `lost` votes go at once. votequorum does not lower what it needs when nodes fail; so what is left must be enough. With two_node it needs
 * one vote.
 */
export function quorumIfLost(count: VoteCount, lost: number | undefined): ClusterQuorumIfLost {
  if (!count.quorate) return 'inquorate';
  const all = sum(count.members);
  if (lost === undefined || all === undefined) return 'uncertain';
  return quorumWith(count, all - lost);
}

/** @param left the votes of the nodes that are left; whether the quorum device gives them its own is not known */
function quorumWith(count: VoteCount, left: number): ClusterQuorumIfLost {
  if (left >= count.needed) return 'quorate';
  const { deviceVotes, masterWins, autoTieBreaker } = count;
  const helped = deviceVotes > 0 && (masterWins || left + deviceVotes >= count.needed);
  return helped || (autoTieBreaker && isTie(count, left)) ? 'uncertain' : 'inquorate';
}

/** Half, or of an odd number the smaller half, as corosync has it; with the quorum device's votes or without. */
function isTie({ expected, deviceVotes }: VoteCount, left: number): boolean {
  const half = Math.floor(expected / 2);
  return left === half || left + deviceVotes === half;
}

/** How many members can be lost at once, whichever they are, and the rest is certainly quorate. */
export function failureTolerance(count: VoteCount): number {
  const all = sum(count.members);
  if (all === undefined) return 0;
  let lost = 0;
  return longestRun(largestFirst(count), (votes) => {
    lost += votes;
    return quorumIfLost(count, lost) === 'quorate';
  });
}

/** The same if whatever may help does: with last man standing they fail one after another, and what is needed falls each time. */
export function failureToleranceAtBest(count: VoteCount): number {
  let left = sum(count.members);
  if (!count.quorate || left === undefined) return 0;
  let { needed, expected } = count;
  return longestRun(largestFirst(count), (votes) => {
    left = (left ?? 0) - votes;
    if (quorumWith({ ...count, needed, expected }, left) === 'inquorate') return false;
    if (count.lastManStanding) {
      expected = left + count.deviceVotes;
      needed = Math.min(needed, Math.floor((expected + 2) / 2));
    }
    return true;
  });
}

/** One node is left at least: without any, there is no cluster. */
function longestRun(votes: readonly number[], survives: (votes: number) => boolean): number {
  const end = votes.slice(0, -1).findIndex((lost) => !survives(lost));
  return end === -1 ? Math.max(votes.length - 1, 0) : end;
}

function largestFirst({ members }: VoteCount): readonly number[] {
  return members.map((votes) => votes ?? 0).sort((one, other) => other - one);
}

function sum(members: readonly (number | undefined)[]): number | undefined {
  let all = 0;
  for (const votes of members) {
    if (votes === undefined) return undefined;
    all += votes;
  }
  return all;
}
