import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { removeLeftovers } from '../../src/ipc/leftovers.ts';

let path: string;
beforeEach(() => {
  path = fs.mkdtempSync(join(tmpdir(), 'leftovers-looking-'));
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  fs.rmSync(path, { recursive: true, force: true });
});

it.each([true, false])(
  'a server that lives is looked at less and less often, and not for long; the process stays for it if it is lost: %s',
  (lost) => {
    const timers = vi.spyOn(globalThis, 'setTimeout');
    const remove = vi.fn();
    removeLeftovers({ path, serverPid: process.ppid, clientPid: process.pid, remove }, lost);
    vi.advanceTimersByTime(10_000);
    expect(timers.mock.calls.map(([, ms]) => ms)).toEqual([10, 20, 40, 80, 160, 320, 640]);
    const keptAlive = timers.mock.results.map(({ value }) => (value as NodeJS.Timeout).hasRef());
    expect(keptAlive).toEqual(Array(7).fill(lost));
    expect(vi.getTimerCount()).toBe(0);
    expect(remove).not.toHaveBeenCalled();
  },
);

it('files that are gone are not waited for', () => {
  fs.rmSync(path, { recursive: true });
  const remove = vi.fn();
  removeLeftovers({ path, serverPid: process.ppid, clientPid: process.pid, remove }, true);
  expect([vi.getTimerCount(), remove.mock.calls.length]).toEqual([0, 0]);
});
