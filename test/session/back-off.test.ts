import { describe, expect, it } from 'vitest';
import { ConnectionError, type CsErrorName } from '../../src/index.ts';
import { BackOff } from '../../src/session/back-off.ts';

const LIMITS = { firstDelayMs: 100, maxDelayMs: 1000, deniedDelayMs: 60_000 };
const error = (code: CsErrorName): ConnectionError => new ConnectionError(code, { operation: 'connect' });
const GONE = error('CS_ERR_LIBRARY');
const MIDDLE = (): number => 0.5;

describe('back-off', () => {
  it('doubles from the first delay to the longest', () => {
    const backOff = new BackOff(LIMITS, MIDDLE);
    expect([1, 2, 3, 4, 5, 6].map(() => backOff.failed(GONE))).toEqual([100, 200, 400, 800, 1000, 1000]);
    expect(backOff.attempt).toBe(7);
  });

  it('stays at the longest for ever', () => {
    const backOff = new BackOff(LIMITS, MIDDLE);
    for (let i = 0; i < 5000; i++) backOff.failed(GONE);
    expect(backOff.failed(GONE)).toBe(1000);
  });

  it('varies by a quarter either way', () => {
    expect(new BackOff(LIMITS, () => 0).failed(GONE)).toBe(75);
    expect(new BackOff(LIMITS, () => 0.999999).failed(GONE)).toBe(125);
  });

  it.each(['CS_ERR_ACCESS', 'CS_ERR_NO_SPACE'] as const)('is slow after %s, which corosync logs', (code) => {
    expect(new BackOff(LIMITS, MIDDLE).failed(error(code))).toBe(60_000);
  });

  it('starts again after a connection that lasted, not after one that ended at once', () => {
    const backOff = new BackOff(LIMITS, MIDDLE);
    for (let i = 0; i < 3; i++) backOff.failed(GONE);
    expect(backOff.lost(GONE, 999)).toBe(800);
    expect(backOff.lost(GONE, 1000)).toBe(100);
    expect(backOff.attempt).toBe(2);
  });
});
