import fs from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Copies } from '../../../src/ipc/copies/copies.ts';
import { systemError } from '../../helpers/system-error.ts';

const thread = vi.hoisted(() => ({ isMainThread: true }));
vi.mock('node:worker_threads', async (original) => ({
  ...(await original<typeof import('node:worker_threads')>()),
  get isMainThread(): boolean {
    return thread.isMainThread;
  },
}));

const notSupported = expect.objectContaining({
  name: 'ConnectionError',
  code: 'CS_ERR_NOT_SUPPORTED',
  operation: 'connect',
}) as Error;
const ONLY_COPY = Symbol.for('corosync-client.only-copy');

/** The library as one more place in node_modules has it. */
async function load(): Promise<Copies> {
  vi.resetModules();
  return (await import('../../../src/ipc/copies/copies.ts')).copies;
}

/** A process that cannot see its descriptors. */
function hide(code: string): void {
  const { readlinkSync } = fs;
  vi.spyOn(fs, 'readlinkSync').mockImplementation((path: fs.PathLike) => {
    if (path === '/proc/thread-self') throw systemError(code);
    return readlinkSync(path);
  });
}

describe('a process that cannot see its descriptors', () => {
  beforeEach(() => {
    thread.isMainThread = true;
  });
  afterEach(() => {
    vi.restoreAllMocks();
    Reflect.deleteProperty(globalThis, ONLY_COPY);
  });

  it.each(['ENOENT', 'ENOTDIR', 'EACCES', 'ERR_ACCESS_DENIED'])(
    'has one copy of the library, which is alone: %s',
    async (code) => {
      hide(code);
      const first = await load();
      const memberships = [first.join(), first.join({ path: '/dev/shm/qb-1-2', serverPid: 1, clientPid: 2 })];
      expect(first.others()).toEqual([]);
      const second = await load();
      expect(second).not.toBe(first);
      expect(() => second.join()).toThrow(notSupported);
      for (const membership of memberships) membership.end();
      // The first one stays the only one.
      expect(() => second.join()).toThrow(notSupported);
      first.join().end();
    },
  );

  it('has none in another thread: nobody would know of it', async () => {
    hide('ENOENT');
    thread.isMainThread = false;
    const copies = await load();
    expect(() => copies.join()).toThrow(notSupported);
  });

  it('is none for another error: other copies may see them', async () => {
    hide('EMFILE');
    const copies = await load();
    expect(() => copies.join()).toThrow(
      expect.objectContaining({
        name: 'ConnectionError',
        errno: 'EMFILE',
        cause: expect.anything() as unknown,
      }) as Error,
    );
    vi.restoreAllMocks();
    copies.join().end();
  });
});
