import { describe, expect, it } from 'vitest';
import { AskedVotes, checkQuorate, checkTotal, MAX_VOTES } from '../../src/votequorum/vote-check.ts';

const subject = { operation: 'votequorum_setvotes', key: 'node 2' };

function votes(ofNodes: Readonly<Record<number, number>>, qdeviceVotes = 0, quorate = true) {
  return {
    quorate,
    qdeviceVotes,
    ofNodes: new Map(Object.entries(ofNodes).map(([nodeId, count]) => [Number(nodeId), count])),
  };
}

describe('the votes of a cluster', () => {
  it('are those of all nodes and of the quorum device', () => {
    const asked = new AskedVotes();
    expect(asked.total(votes({ 1: 1, 2: 2, 3: 3 }, 4))).toBe(10);
    expect(asked.total(votes({ 1: 1, 2: 2, 3: 3 }, 4), { nodeId: 2, votes: 100 })).toBe(108);
    expect(asked.total(votes({ 1: 1 }), { nodeId: 9, votes: 7 })).toBe(8);
  });

  it('are those that were asked for until they are seen, or refused', () => {
    const asked = new AskedVotes();
    asked.note(2, 100);
    expect(asked.total(votes({ 1: 1, 2: 2 }))).toBe(101);
    expect(asked.total(votes({ 1: 1, 2: 2 }), { nodeId: 2, votes: 3 })).toBe(4);
    expect(asked.total(votes({ 1: 1, 2: 100 }))).toBe(101); // seen
    expect(asked.total(votes({ 1: 1, 2: 2 }))).toBe(3);
    asked.note(1, 50);
    asked.forget(1);
    expect(asked.total(votes({ 1: 1, 2: 2 }))).toBe(3);
    asked.note(2, 1); // fewer: what is there counts until then
    expect(asked.total(votes({ 1: 1, 2: 2 }))).toBe(3);
  });

  it('can be so many that quorum fits 8 bits, and no more', () => {
    expect(Math.floor((MAX_VOTES + 2) / 2)).toBe(255);
    expect(() => checkTotal(subject, MAX_VOTES)).not.toThrow();
    expect(() => checkTotal(subject, MAX_VOTES + 1)).toThrow(/CS_ERR_INVALID_PARAM.*510 votes/);
  });

  it('are not changed where there is no quorum, unless that is meant', () => {
    expect(() => checkQuorate(subject, votes({}, 0, false), false)).toThrow(/evenIfInquorate/);
    expect(() => checkQuorate(subject, votes({}, 0, false), true)).not.toThrow();
    expect(() => checkQuorate(subject, votes({}), false)).not.toThrow();
  });
});
