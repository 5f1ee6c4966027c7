import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { whenLetGo } from '../../src/ipc/let-go.ts';
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
});
