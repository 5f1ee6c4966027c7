import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { findCopies } from '../../../src/ipc/copies/find-copies.ts';
import { PAGE_SIZE } from '../../../src/ipc/copies/layout.ts';
import { systemError } from '../../helpers/system-error.ts';
import { copyBytes } from '../../helpers/copies/copy-bytes.ts';
import { openDescriptors } from '../../helpers/open-descriptors.ts';

const O_PATH = 0o10000000;

const ending: (() => void)[] = [];
afterEach(() => {
  vi.restoreAllMocks();
  for (const end of ending.splice(0)) end();
});

/** The file of a copy, open in this process. */
function openFile(flags: string, suffix = ''): { fd: number; path: string } {
  const path = join(tmpdir(), `find-copies-${process.pid}-${Math.random()}${suffix}`);
  fs.writeFileSync(path, copyBytes(PAGE_SIZE));
  const fd = fs.openSync(path, flags);
  ending.push(() => {
    fs.closeSync(fd);
    fs.rmSync(path, { force: true });
  });
  return { fd, path };
}

/** How many copies there are; nothing is left open. */
function countCopies(): number {
  const before = openDescriptors().length;
  const found = findCopies((id) => id === 7n);
  for (const fd of found) fs.closeSync(fd);
  expect(openDescriptors().length).toBe(before);
  return found.length;
}

/** Looking at what a descriptor opens fails. */
function failToHold(fd: number, code: string): void {
  const { openSync } = fs;
  const open = (path: fs.PathLike, flags: number, mode?: number): number => {
    if (flags === O_PATH && path === `/proc/self/fd/${fd}`) throw systemError(code);
    return openSync(path, flags, mode);
  };
  vi.spyOn(fs, 'openSync').mockImplementation(open as typeof fs.openSync);
}

describe('findCopies', () => {
  it('finds a file without a name, and none that has one, whatever it is called', () => {
    const { path } = openFile('r+');
    openFile('r+', ' (deleted)');
    expect(countCopies()).toBe(0);
    fs.unlinkSync(path);
    expect(countCopies()).toBe(1);
  });

  it('lets a file of the program alone that is open for writing only, and cannot be opened', () => {
    const { fd, path } = openFile('a');
    fs.unlinkSync(path);
    const { openSync } = fs;
    const failing = vi.spyOn(fs, 'openSync').mockImplementation(((at: fs.PathLike, flags: number) => {
      if (flags !== O_PATH && fs.readlinkSync(String(at)) === fs.readlinkSync(`/proc/self/fd/${fd}`))
        throw systemError('EACCES');
      return openSync(at, flags);
    }) as typeof fs.openSync);
    expect(countCopies()).toBe(0);
    expect(failing).toHaveBeenCalled();
  });

  it('goes on where a descriptor is closed meanwhile', () => {
    const { fd, path } = openFile('r+');
    fs.unlinkSync(path);
    failToHold(fd, 'ENOENT');
    expect(countCopies()).toBe(0);
  });

  it('fails where it cannot look at everything, and leaves nothing open', () => {
    const files = [openFile('r+'), openFile('r+')];
    for (const { path } of files) fs.unlinkSync(path);
    failToHold(files[1]?.fd ?? 0, 'EMFILE');
    const before = openDescriptors().length;
    expect(() => findCopies(() => true)).toThrow('EMFILE');
    expect(openDescriptors().length).toBe(before);
  });
});
