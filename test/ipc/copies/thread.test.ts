import fs from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { isRunning, thisThread } from '../../../src/ipc/copies/thread.ts';
import { systemError } from '../../helpers/system-error.ts';

describe('a thread', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it('runs as long as one of its number is there that started when it did', () => {
    const thread = thisThread();
    expect(isRunning(thread)).toBe(true);
    expect(isRunning({ ...thread, startedAt: thread.startedAt - 1n })).toBe(false);
    expect(isRunning({ ...thread, tid: BigInt(process.ppid) })).toBe(false);
  });

  it.each([
    ['ENOENT', false],
    ['ESRCH', false],
    ['EMFILE', true],
    ['ENOMEM', true],
  ])('is over where the system knows none (%s: %s), and not where it cannot be looked at', (code, runs) => {
    const thread = thisThread();
    vi.spyOn(fs, 'readFileSync').mockImplementation(() => {
      throw systemError(code);
    });
    expect(isRunning(thread)).toBe(runs);
  });
});
