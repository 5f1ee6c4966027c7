import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Copies } from '../../../src/ipc/copies/copies.ts';
import {
  CONNECTION,
  LAYOUT,
  MAGIC,
  notesAt,
  PAGE_SIZE,
  placeOf,
  turnAt,
  turnWord,
  WORD,
} from '../../../src/ipc/copies/layout.ts';
import { CopyWorker } from '../../helpers/copies/copy-worker.ts';
import { openDescriptors } from '../../helpers/open-descriptors.ts';
import { waitUntil } from '../../helpers/wait-until.ts';
import { systemError } from '../../helpers/system-error.ts';

const { writeSync } = fs;
const ending: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0)) await end();
});

function copy(): Copies {
  const copies = new Copies();
  const membership = copies.join();
  ending.push(() => membership.end());
  return copies;
}

const idsOf = (copies: Copies): bigint[] => copies.others().map(({ id }) => id);

/** A file without a name, open in this process. */
function unnamed(content: Buffer, flags = 'w+'): number {
  const path = join(tmpdir(), `copies-${process.pid}-${Math.random()}`);
  fs.writeFileSync(path, content);
  const fd = fs.openSync(path, flags === 'w+' ? 'r+' : flags);
  fs.unlinkSync(path);
  ending.push(() => fs.closeSync(fd));
  return fd;
}

/** What a copy's file begins with. */
function page(words: Partial<Record<keyof typeof WORD, bigint>>): Buffer {
  const bytes = Buffer.alloc(PAGE_SIZE);
  const all = {
    magic: MAGIC,
    layout: LAYOUT,
    pid: BigInt(process.pid),
    id: 7n,
    tid: BigInt(process.pid),
    ...words,
  };
  for (const [name, value] of Object.entries(all))
    bytes.writeBigUInt64LE(value, WORD[name as keyof typeof WORD]);
  return bytes;
}

function contentOf(fd: number): Buffer {
  const { size } = fs.fstatSync(fd);
  const bytes = Buffer.alloc(size);
  fs.readSync(fd, bytes, 0, size, 0);
  return bytes;
}

describe('Copies', () => {
  it('know each other, whoever comes first, and forget who leaves', () => {
    const first = copy();
    expect(idsOf(first)).toEqual([]);
    const second = new Copies();
    const membership = second.join();
    expect(idsOf(first)).toEqual([second.id]);
    expect(idsOf(second)).toEqual([first.id]);
    const third = copy();
    expect(new Set(idsOf(first))).toEqual(new Set([second.id, third.id]));
    membership.end();
    expect(idsOf(first)).toEqual([third.id]);
    expect(idsOf(third)).toEqual([first.id]);
  });

  it('read what each has written', () => {
    const [first, second] = [copy(), copy()];
    first.write(turnAt(3), turnWord('list', 5n));
    first.write(notesAt(3), 9n);
    const [seen] = second.others();
    expect([seen?.read(turnAt(3)), seen?.read(notesAt(3)), seen?.read(turnAt(4))]).toEqual([
      turnWord('list', 5n),
      9n,
      0n,
    ]);
  });

  it('leave nothing open, and are there as long as one is a member', () => {
    const before = openDescriptors().length;
    const first = new Copies();
    const [one, two] = [first.join(), first.join()];
    const second = copy();
    one.end();
    one.end();
    expect(idsOf(second)).toEqual([first.id]);
    two.end();
    expect(idsOf(second)).toEqual([]);
    for (const end of ending.splice(0)) void end();
    expect(openDescriptors().length).toBe(before);
    expect(() => first.others()).toThrow('must be a member');
  });

  it('are left by a connection that there is no room to tell of', () => {
    const before = openDescriptors().length;
    const write = (fd: number, bytes: Buffer, offset: number, length: number, position: number): number => {
      if (length === CONNECTION.size) throw systemError('ENOSPC', 'ENOSPC: no space left on device, write');
      return writeSync(fd, bytes, offset, length, position);
    };
    const full = vi.spyOn(fs, 'writeSync').mockImplementation(write as typeof fs.writeSync);
    const join = (): unknown => new Copies().join({ path: '/dev/shm/qb-1-2', serverPid: 1, clientPid: 2 });
    expect(join).toThrow(expect.objectContaining({ code: 'CS_ERR_NO_SPACE', errno: 'ENOSPC' }));
    full.mockRestore();
    expect(openDescriptors().length).toBe(before);
  });

  it('have room for the first connections before there is none', () => {
    const copies = new Copies();
    const membership = copies.join();
    const write = (fd: number, bytes: Buffer, offset: number, length: number, position: number): number => {
      if (position + length > fs.fstatSync(fd).size)
        throw systemError('ENOSPC', 'ENOSPC: no space left on device, write');
      return writeSync(fd, bytes, offset, length, position);
    };
    const full = vi.spyOn(fs, 'writeSync').mockImplementation(write as typeof fs.writeSync);
    ending.push(() => full.mockRestore());
    const join = (): unknown => copies.join({ path: '/dev/shm/qb-1-2', serverPid: 1, clientPid: 2 });
    const joined = Array.from({ length: 8 }, join) as (typeof membership)[];
    expect(join).toThrow(expect.objectContaining({ code: 'CS_ERR_NO_SPACE' }));
    for (const each of [...joined, membership]) each.end();
  });

  it('go to another directory where one is full, and leave nothing open there', () => {
    const before = openDescriptors().length;
    let writes = 0;
    const write = (fd: number, bytes: Buffer, offset: number, length: number, position: number): number => {
      if (writes++ === 0) throw systemError('ENOSPC', 'ENOSPC: no space left on device, write');
      return writeSync(fd, bytes, offset, length, position);
    };
    const full = vi.spyOn(fs, 'writeSync').mockImplementation(write as typeof fs.writeSync);
    ending.push(() => full.mockRestore());
    const copies = new Copies();
    const membership = copies.join();
    expect(openDescriptors().length).toBe(before + 1);
    const other = copy();
    expect(idsOf(other)).toEqual([copies.id]);
    membership.end();
  });

  it.each([
    ['opened: EAGAIN, it is leased', 'openSync', 'EAGAIN'],
    ['looked at: ENOTCONN, its file server is gone', 'fstatSync', 'ENOTCONN'],
  ] as const)('let a file of the program alone that cannot be %s', (_what, call, code) => {
    const name = fs.readlinkSync(`/proc/self/fd/${unnamed(Buffer.alloc(PAGE_SIZE, 'x'))}`);
    const descriptors = openDescriptors().length;
    const real = fs[call] as (...args: unknown[]) => unknown;
    let failures = 0;
    const failing = vi.spyOn(fs, call).mockImplementation(((...args: unknown[]) => {
      const path = typeof args[0] === 'number' ? `/proc/self/fd/${args[0]}` : String(args[0]);
      const isLookedInto =
        call === 'fstatSync' || args[1] === (fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
      if (!isLookedInto || !path.startsWith('/proc/self/fd/') || fs.readlinkSync(path) !== name)
        return real(...args);
      failures += 1;
      throw systemError(code);
    }) as never);
    ending.push(() => failing.mockRestore());
    const copies = new Copies();
    copies.join().end();
    expect(failures).toBe(1);
    expect(openDescriptors().length).toBe(descriptors);
  });

  it('do without what Node’s permission model forbids', () => {
    const forbidden = vi.spyOn(fs, 'fchmodSync').mockImplementation(() => {
      throw systemError('ERR_ACCESS_DENIED', 'fchmod API is disabled');
    });
    ending.push(() => forbidden.mockRestore());
    const first = copy();
    expect(idsOf(copy())).toEqual([first.id]);
    expect(forbidden).toHaveBeenCalledTimes(2);
  });

  it('are not joined where a copy is there that cannot be opened', () => {
    copy();
    const descriptors = openDescriptors().length;
    const { openSync } = fs;
    const failing = vi.spyOn(fs, 'openSync').mockImplementation(((
      path: fs.PathLike,
      flags: number,
      mode?: number,
    ) => {
      if (String(path).startsWith('/proc/self/fd/') && flags === fs.constants.O_RDWR)
        throw systemError('EMFILE');
      return openSync(path, flags, mode);
    }) as typeof fs.openSync);
    ending.push(() => failing.mockRestore());
    expect(() => new Copies().join()).toThrow(expect.objectContaining({ errno: 'EMFILE' }));
    expect(openDescriptors().length).toBe(descriptors);
  });

  it('find copies in other threads', async () => {
    const worker = await CopyWorker.start();
    ending.push(() => worker.terminate());
    const here = copy();
    const [seen] = here.others();
    expect(seen?.name).toBe(`worker thread ${worker.threadId}`);
    expect(seen?.isOver()).toBe(false);
    await worker.do({ do: 'end' });
    await waitUntil('it has left', () => here.others().length === 0);
  });

  it.each([
    ['an empty file', Buffer.alloc(0)],
    ['a short file', page({}).subarray(0, 100)],
    ['a file of somebody else', Buffer.alloc(PAGE_SIZE, 'x')],
    ['a file of another process', page({ pid: 1n })],
    ['a file that is not finished', page({ magic: 0n })],
  ])('take %s for no copy, and write nothing to it', (_what, content) => {
    const fd = unnamed(content);
    const first = copy();
    expect(idsOf(copy())).toEqual([first.id]);
    expect(contentOf(fd)).toEqual(content);
  });

  it('let a directory and a device alone', () => {
    const path = join(tmpdir(), `copies-${process.pid}`);
    fs.mkdirSync(path);
    const fds = [fs.openSync(path, 'r'), fs.openSync('/dev/null', 'r+')];
    fs.rmdirSync(path);
    ending.push(() => fds.forEach((fd) => fs.closeSync(fd)));
    const first = copy();
    expect(idsOf(copy())).toEqual([first.id]);
  });

  it('know a copy once, however often its file is open', () => {
    const fd = unnamed(page({ id: 7n }));
    const again = fs.openSync(`/proc/self/fd/${fd}`, 'r');
    ending.push(() => fs.closeSync(again));
    expect(idsOf(copy())).toEqual([7n]);
  });

  it('do not connect beside a copy whose layout they do not know, which is left in peace by those that are there', () => {
    const first = copy();
    const before = openDescriptors().length;
    const fd = unnamed(page({ layout: LAYOUT + 1n }));
    expect(() => new Copies().join()).toThrow(
      expect.objectContaining({
        code: 'CS_ERR_NOT_SUPPORTED',
        message: expect.stringContaining('use one version') as string,
      }),
    );
    expect(openDescriptors().length).toBe(before + 1);
    expect(contentOf(fd)).toEqual(page({ layout: LAYOUT + 1n }));
    const news = new Copies();
    expect(() => news.join()).toThrow('use one version');
    expect(idsOf(first)).toEqual([]);
  });
});

describe('placeOf', () => {
  it('is the same in every version', () => {
    expect(['icmap /run/cmap', 'stats @cmap', ''].map(placeOf)).toEqual([35, 105, 101]);
  });
});
