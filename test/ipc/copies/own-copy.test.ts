import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Copies } from '../../../src/ipc/copies/copies.ts';
import { CONNECTION } from '../../../src/ipc/copies/layout.ts';
import { systemError } from '../../helpers/system-error.ts';
import { openDescriptors, sharedMemoryDescriptors } from '../../helpers/open-descriptors.ts';

const FILES = { path: '/dev/shm/qb-1-2', serverPid: 1, clientPid: 2 };
const O_TMPFILE = 0o20000000;

const ending: (() => void)[] = [];
afterEach(() => {
  vi.restoreAllMocks();
  for (const end of ending.splice(0)) end();
});

function copy(): Copies {
  const copies = new Copies();
  const membership = copies.join();
  ending.push(() => membership.end());
  return copies;
}

/** Directories in which a copy tries to make its file: each refuses with the next error, and the last one takes it if there are fewer. */
function refuse(...codes: string[]): string[] {
  const { openSync } = fs;
  const tried: string[] = [];
  const open = (path: fs.PathLike, flags: number, mode?: number): number => {
    if ((flags & O_TMPFILE) !== O_TMPFILE) return openSync(path, flags, mode);
    const code = codes[tried.push(String(path)) - 1];
    if (code !== undefined) throw systemError(code);
    return openSync(path, flags, mode);
  };
  vi.spyOn(fs, 'openSync').mockImplementation(open as typeof fs.openSync);
  return tried;
}

describe('the file of a copy', () => {
  it('is in memory', () => {
    const before = sharedMemoryDescriptors().length;
    copy();
    expect(sharedMemoryDescriptors().length).toBe(before + 1);
  });

  it('is on a disk where there is no memory to have', () => {
    const tried = refuse('EACCES');
    const first = copy();
    expect(copy().others()).toMatchObject([{ id: first.id }]);
    expect(tried.slice(0, 2)).toEqual(['/dev/shm', tmpdir()]);
  });

  it('can be made nowhere: the error is the one of the memory', () => {
    const before = openDescriptors().length;
    const tried = refuse('ENOSPC', ...Array<string>(10).fill('EROFS'));
    expect(() => new Copies().join()).toThrow(
      expect.objectContaining({ name: 'ConnectionError', code: 'CS_ERR_NO_SPACE', errno: 'ENOSPC' }),
    );
    expect(tried.length).toBeGreaterThan(2);
    expect(openDescriptors().length).toBe(before);
  });

  it('is not made where only a part of it finds room', () => {
    const before = openDescriptors().length;
    const { writeSync } = fs;
    const write = (fd: number, bytes: Buffer, offset: number, length: number, position: number): number =>
      writeSync(fd, bytes, offset, Math.min(length, CONNECTION.at), position);
    vi.spyOn(fs, 'writeSync').mockImplementation(write as typeof fs.writeSync);
    expect(() => new Copies().join()).toThrow(
      expect.objectContaining({ code: 'CS_ERR_NO_SPACE', errno: 'ENOSPC' }),
    );
    expect(openDescriptors().length).toBe(before);
  });

  it('is not made where it cannot be opened to all, unless nobody may do that', () => {
    vi.spyOn(fs, 'fchmodSync').mockImplementation(() => {
      throw systemError('EIO');
    });
    expect(() => new Copies().join()).toThrow(expect.objectContaining({ errno: 'EIO' }));
  });

  it('tells of connections as long as they last, each in a place of its own, which the next one takes', () => {
    const [first, second] = [new Copies(), copy()];
    const one = first.join(FILES);
    const other = first.join({ ...FILES, path: '/dev/shm/qb-1-22' });
    const [seen] = second.others();
    const lengths = (): (bigint | undefined)[] =>
      [0, 1, 2].map((index) => seen?.read(CONNECTION.at + index * CONNECTION.size + CONNECTION.length));
    expect(lengths()).toEqual([15n, 16n, 0n]);
    one.end();
    expect(lengths()).toEqual([0n, 16n, 0n]);
    const next = first.join({ ...FILES, path: '/dev/shm/qb-1-222' });
    expect(lengths()).toEqual([17n, 16n, 0n]);
    for (const membership of [other, next]) membership.end();
  });
});
