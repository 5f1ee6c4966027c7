import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WAIT, WaitLadder } from '../../../src/ipc/calls/wait-ladder.ts';

describe('WaitLadder', () => {
  const wake = vi.fn();
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate'] });
    wake.mockClear();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** Milliseconds until it wakes. */
  function waits(ladder: WaitLadder, idleMs: number): number {
    ladder.wait(idleMs);
    const before = wake.mock.calls.length;
    for (let ms = 0; ms < 100; ms++) {
      vi.advanceTimersByTime(ms === 0 ? 0 : 1);
      if (wake.mock.calls.length > before) return ms;
    }
    return Infinity;
  }

  it('looks in the next turn while there was progress a moment ago, then less and less often', () => {
    const ladder = new WaitLadder(wake);
    expect([0, 0.5, 0.9].map((idleMs) => waits(ladder, idleMs))).toEqual([0, 0, 0]);
    const backingOff = [1, 2, 4, 8, 16, 16, 16];
    expect(backingOff.map(() => waits(ladder, WAIT.immediateMs))).toEqual(backingOff);
    ladder.reset();
    expect(backingOff.map(() => waits(ladder, 5))).toEqual(backingOff);
  });

  it('does not back off for as long as it is to be eager', () => {
    const ladder = new WaitLadder(wake, 100);
    expect([1, 50, 99.9].map((idleMs) => waits(ladder, idleMs))).toEqual([1, 1, 1]);
    expect([100, 101, 102].map((idleMs) => waits(ladder, idleMs))).toEqual([1, 2, 4]);
  });

  it.each([
    ['a timer', 5],
    ['an immediate', 0],
  ])('wakes once, however often it is asked: %s', (_what, idleMs) => {
    const ladder = new WaitLadder(wake);
    ladder.wait(0);
    ladder.wait(5);
    ladder.wait(idleMs);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(100);
    expect(wake).toHaveBeenCalledTimes(1);
    ladder.wait(idleMs);
    ladder.cancel();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('keeps the process alive until it is told not to, from then on with timers only', () => {
    vi.useRealTimers();
    const alive = (): string[] =>
      process.getActiveResourcesInfo().filter((what) => what === 'Timeout' || what === 'Immediate');
    const before = alive();
    const ladder = new WaitLadder(wake);
    ladder.wait(5);
    expect(alive()).toHaveLength(before.length + 1);
    ladder.unref();
    expect(alive()).toEqual(before);
    for (const idleMs of [0, 5]) {
      ladder.wait(idleMs);
      expect(alive()).toEqual(before);
    }
    ladder.cancel();
  });
});
