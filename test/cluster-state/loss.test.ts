import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  failureTolerance,
  failureToleranceAtBest,
  quorumIfLost,
  type VoteCount,
} from '../../src/cluster/loss.ts';

function count(change: Partial<VoteCount> & { readonly members: VoteCount['members'] }): VoteCount {
  const all = change.members.reduce<number>((sum, votes) => sum + (votes ?? 0), 0);
  return {
    quorate: true,
    needed: Math.floor((all + 2) / 2),
    expected: all,
    deviceVotes: 0,
    masterWins: false,
    autoTieBreaker: false,
    lastManStanding: false,
    ...change,
  };
}

describe('a loss', () => {
  it.each<[what: string, count: VoteCount, ifLost: string, tolerance: number, atBest: number]>([
    ['one node', count({ members: [1] }), 'inquorate', 0, 0],
    ['two nodes', count({ members: [1, 1] }), 'inquorate', 0, 0],
    ['two nodes with two_node', count({ members: [1, 1], needed: 1 }), 'quorate', 1, 1],
    ['three nodes', count({ members: [1, 1, 1] }), 'quorate', 1, 1],
    ['five nodes', count({ members: [1, 1, 1, 1, 1] }), 'quorate', 2, 2],
    ['three nodes of five', count({ members: [1, 1, 1], needed: 3, expected: 5 }), 'inquorate', 0, 0],
    ['an inquorate cluster', count({ members: [1, 1], needed: 3, quorate: false }), 'inquorate', 0, 0],
    ['a heavy node', count({ members: [3, 1, 1] }), 'inquorate', 0, 0],
    ['a node without votes', count({ members: [0, 1, 1, 1] }), 'quorate', 1, 1],
    [
      'two nodes and a device',
      count({ members: [1, 1], needed: 2, expected: 3, deviceVotes: 1 }),
      'uncertain',
      0,
      1,
    ],
    [
      'a device whose master wins',
      count({ members: [1, 1, 1, 1], needed: 4, expected: 7, deviceVotes: 3, masterWins: true }),
      'uncertain',
      0,
      3,
    ],
    ['two nodes with a tie-breaker', count({ members: [1, 1], autoTieBreaker: true }), 'uncertain', 0, 1],
    [
      'four nodes with a tie-breaker',
      count({ members: [1, 1, 1, 1], autoTieBreaker: true }),
      'quorate',
      1,
      2,
    ],
    [
      'five nodes with last man standing',
      count({ members: [1, 1, 1, 1, 1], lastManStanding: true }),
      'quorate',
      2,
      3,
    ],
    ['a node whose votes are not known', count({ members: [1, undefined, 1], needed: 2 }), 'uncertain', 0, 0],
    ['no member', count({ members: [] }), 'inquorate', 0, 0],
  ])('in %s', (_what, given, ifLost, tolerance, atBest) => {
    expect(quorumIfLost(given, given.members[0] ?? 1)).toBe(ifLost);
    expect([failureTolerance(given), failureToleranceAtBest(given)]).toEqual([tolerance, atBest]);
  });

  it('of a node whose votes are not known is uncertain', () => {
    expect(quorumIfLost(count({ members: [1, 1, 1] }), undefined)).toBe('uncertain');
  });

  const counts = fc
    .record({
      members: fc.array(fc.nat(3), { minLength: 1, maxLength: 6 }),
      extra: fc.nat(4),
      quorate: fc.boolean(),
      deviceVotes: fc.nat(3),
      masterWins: fc.boolean(),
      autoTieBreaker: fc.boolean(),
      lastManStanding: fc.boolean(),
    })
    .map(({ members, extra, ...rest }) => {
      const expected = members.reduce((sum, votes) => sum + votes, extra);
      return { members, needed: Math.floor((expected + 2) / 2), expected, ...rest };
    });

  it('is tolerated as often as each loss of so many members leaves a majority, and no more often', () => {
    fc.assert(
      fc.property(counts, (given) => {
        const all = given.members.reduce((sum, votes) => sum + votes, 0);
        const survives = (lost: readonly number[]): boolean =>
          all - lost.reduce((sum, votes) => sum + votes, 0) >= given.needed;
        let most = 0;
        for (let size = 1; size < given.members.length; size += 1) {
          if (!subsets(given.members, size).every(survives)) break;
          most = size;
        }
        expect(failureTolerance(given)).toBe(given.quorate ? most : 0);
      }),
    );
  });

  it('is never tolerated less often at best, and as often where nothing may help', () => {
    fc.assert(
      fc.property(counts, (given) => {
        expect(failureToleranceAtBest(given)).toBeGreaterThanOrEqual(failureTolerance(given));
        const alone = { ...given, deviceVotes: 0, autoTieBreaker: false, lastManStanding: false };
        expect(failureToleranceAtBest(alone)).toBe(failureTolerance(alone));
        for (const votes of given.members) expect(quorumIfLost(alone, votes)).not.toBe('uncertain');
      }),
    );
  });
});

function subsets(all: readonly number[], size: number): number[][] {
  if (size === 0) return [[]];
  return all.flatMap((first, index) =>
    subsets(all.slice(index + 1), size - 1).map((rest) => [first, ...rest]),
  );
}
