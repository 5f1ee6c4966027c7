import { spawnSync } from 'node:child_process';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { isAlive } from '../../src/ipc/connection-files.ts';

describe('a process', () => {
  afterEach(() => void vi.restoreAllMocks());

  it('is alive, or is not', () => {
    expect(isAlive(process.pid)).toBe(true);
    expect(isAlive(spawnSync('true').pid)).toBe(false);
  });

  it('is alive if it only may not be signalled: it is somebody else’s', () => {
    vi.spyOn(process, 'kill').mockImplementation(() => {
      throw Object.assign(new Error('kill EPERM'), { code: 'EPERM' });
    });
    expect(isAlive(1)).toBe(true);
  });

  it('is not killed by the question', () => {
    const kill = vi.spyOn(process, 'kill').mockReturnValue(true);
    isAlive(1);
    expect(kill.mock.calls).toEqual([[1, 0]]);
  });
});
