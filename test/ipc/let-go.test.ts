import { spawnSync } from 'node:child_process';
import fs, { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { hasLetGo, whenLetGo } from '../../src/ipc/let-go.ts';
import { waitUntil } from '../helpers/wait-until.ts';

describe('whenLetGo', () => {
  let path: string;
  let isFree: boolean;
  const letGo = (): void => {
    isFree = true;
  };
  beforeEach(() => {
    path = mkdtempSync(join(tmpdir(), 'let-go-'));
    isFree = false;
  });
  afterEach(() => {
    rmSync(path, { recursive: true, force: true });
  });
  const remove = (): void => {
    rmSync(path, { recursive: true });
  };

  it('waits for as long as a living server has the files', async () => {
    whenLetGo({ path, serverPid: process.ppid, clientPid: process.pid }, letGo);
    await sleep(100);
    expect(isFree).toBe(false);
    remove();
    await waitUntil('it is free', () => isFree);
  });

  it('does not wait where there are none', () => {
    remove();
    whenLetGo({ path, serverPid: process.ppid, clientPid: process.pid }, letGo);
    expect(isFree).toBe(true);
  });

  it('does not wait for a server that is dead', () => {
    const { pid } = spawnSync('true');
    whenLetGo({ path, serverPid: pid, clientPid: process.pid }, letGo);
    expect(isFree).toBe(true);
  });

  it('does not believe a pid of another pid namespace', async () => {
    const { pid } = spawnSync('true');
    whenLetGo({ path, serverPid: pid, clientPid: process.pid + 1 }, letGo);
    await sleep(50);
    expect(isFree).toBe(false);
    remove();
    await waitUntil('it is free', () => isFree);
  });

  it('looks less and less often, and does not keep the process alive', () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const looks = vi.spyOn(fs, 'existsSync');
    whenLetGo({ path, serverPid: process.ppid, clientPid: process.pid }, letGo);
    const after = (ms: number): number => {
      vi.advanceTimersByTime(ms);
      return looks.mock.calls.filter(([looked]) => looked === path).length;
    };
    // After 1, 3, 7, 15, 31, 47 ms, and so on.
    expect([after(0), after(1), after(2), after(4), after(8), after(16), after(16), after(160)]).toEqual([
      1, 2, 3, 4, 5, 6, 7, 17,
    ]);
    looks.mockRestore();
    vi.useRealTimers();
  });

  it('waits no longer than ten seconds for a server whose pid tells nothing', () => {
    const files = { path, serverPid: process.pid, clientPid: process.pid + 1 };
    expect([hasLetGo(files, 0), hasLetGo(files, 10_000), hasLetGo(files, 10_001)]).toEqual([
      false,
      false,
      true,
    ]);
    expect(hasLetGo({ ...files, clientPid: process.pid }, 10_001)).toBe(false);
  });
});
