import { describe, expect, it } from 'vitest';
import { MEMBER_DEFAULTS, resolveMember } from '../../src/cpg/member-options.ts';

const KIB = 1024;

it('of a member have room for the largest message that may come', () => {
  const limits = { ...MEMBER_DEFAULTS, maxMessageBytes: 2 ** 21, maxAssemblyBytes: 2 ** 21 };
  expect(resolveMember(Buffer.from('g'), limits).maxAssemblyBytes).toBe(2 ** 21);
  expect(() => resolveMember(Buffer.from('g'), { ...limits, maxAssemblyBytes: 2 ** 21 - 1 })).toThrow(
    /CS_ERR_INVALID_PARAM.*maxAssemblyBytes, 2097151, has no room/,
  );
});

/** Bytes that the windows of so many members have, together. */
function allWindows(
  members: number,
  options: { windowBytes?: number; maxQueuedBytes?: number } = {},
): number {
  return resolveMember(Buffer.from('g'), { ...MEMBER_DEFAULTS, ...options }).windowBytes(members) * members;
}

describe('The window of a member', () => {
  it('is narrower where more may send, until each has little', () => {
    expect([1, 2, 9, 18, 100].map((members) => allWindows(members) / KIB)).toEqual([
      4096, 4608, 4608, 4608, 25_600,
    ]);
  });

  it('leaves room for what it lets out: with fewer bytes for those that wait it is narrower, also where it is given', () => {
    expect(allWindows(1, { maxQueuedBytes: 1024 * KIB })).toBe(64 * KIB);
    expect(allWindows(1, { maxQueuedBytes: 1024 * KIB, windowBytes: 512 * KIB })).toBe(64 * KIB);
    expect(allWindows(3, { windowBytes: 512 * KIB })).toBe(3 * 512 * KIB);
  });
});
