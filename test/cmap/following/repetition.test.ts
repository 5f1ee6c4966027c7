import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Repetition } from '../../../src/cmap/following/repetition.ts';

beforeEach(() => {
  // Not the clock: whatever else runs in this process would wait for it, and the event loop turns in these tests. Nor are its timers
  // counted: others may set some.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a repetition', () => {
  it('does its work after each pause, until it is stopped', async () => {
    const work = vi.fn(() => Promise.resolve());
    const repetition = new Repetition(work, 10, (error) => {
      throw error;
    });
    repetition.start();
    expect(work).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(35);
    expect(work).toHaveBeenCalledTimes(3);
    repetition.stop();
    await vi.advanceTimersByTimeAsync(100);
    expect(work).toHaveBeenCalledTimes(3);
  });

  it('that is stopped while it works, or before it starts, does it no more', async () => {
    let finish: () => void = () => undefined;
    const work = vi.fn(() => new Promise<void>((resolve) => (finish = resolve)));
    const repetition = new Repetition(work, 10, () => undefined);
    repetition.start();
    await vi.advanceTimersByTimeAsync(10);
    expect(work).toHaveBeenCalledTimes(1);
    repetition.stop();
    finish();
    await vi.advanceTimersByTimeAsync(100);
    repetition.start();
    await vi.advanceTimersByTimeAsync(100);
    expect(work).toHaveBeenCalledTimes(1);
  });

  it('ends with a failure, which it tells', async () => {
    const failures: unknown[] = [];
    const work = vi.fn(() => Promise.reject(new Error('no')));
    const repetition = new Repetition(work, 10, (error) => failures.push(error));
    repetition.start();
    await vi.advanceTimersByTimeAsync(100);
    expect(failures).toEqual([new Error('no')]);
    expect(work).toHaveBeenCalledTimes(1);
  });
});
