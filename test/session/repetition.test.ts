import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Repetition } from '../../src/session/repetition.ts';

beforeEach(() => {
  // Not the clock: whatever else runs in this process would wait for it, and the event loop turns in these tests.
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
    expect(vi.getTimerCount()).toBe(0);
  });

  it('that is stopped while it works, or before it starts, sets no timer', async () => {
    let finish: () => void = () => undefined;
    const repetition = new Repetition(
      () => new Promise<void>((resolve) => (finish = resolve)),
      10,
      () => undefined,
    );
    repetition.start();
    await vi.advanceTimersByTimeAsync(10);
    repetition.stop();
    finish();
    await vi.advanceTimersByTimeAsync(100);
    expect(vi.getTimerCount()).toBe(0);
    repetition.start();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends with a failure, which it tells', async () => {
    const failures: unknown[] = [];
    const repetition = new Repetition(
      () => Promise.reject(new Error('no')),
      10,
      (error) => failures.push(error),
    );
    repetition.start();
    await vi.advanceTimersByTimeAsync(100);
    expect(failures).toEqual([new Error('no')]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
