import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RING_HEADER } from '../../../src/codec/ring-layout.ts';
import { removeRingFiles, RingFile } from '../../../src/ipc/shared-memory/ring-file.ts';
import { Moment } from '../../../src/ipc/moment.ts';
import { checkTrustedDirectory } from '../../../src/ipc/trusted-file.ts';
import { createRingFiles, type NewRing } from '../../../src/testing/server/ring-files.ts';

const SOMEBODY_ELSE = 65_534;
const isRoot = process.geteuid?.() === 0;
const MAX_MESSAGE_SIZE = 4096;
/** 64 MiB, of which the file system keeps a page. */
const MOST_WORDS = 16 * 1024 * 1024;

let directory: string;
let path: string;

beforeEach(() => {
  directory = fs.mkdtempSync(join(tmpdir(), 'ring-file-'));
  path = join(directory, 'qb-request-cmap');
});
afterEach(() => {
  fs.rmSync(directory, { recursive: true, force: true });
});

function create(ring: Partial<NewRing> = {}): void {
  createRingFiles({ path, ...ring });
}

const open = (recordedPath = path): RingFile => new RingFile(path, recordedPath, MAX_MESSAGE_SIZE);
const openDescriptors = (): string[] => {
  return fs.readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [fs.readlinkSync(`/proc/self/fd/${fd}`)].filter((target) => target.startsWith(directory));
    } catch {
      return [];
    }
  });
};

/** Not opened, with this code, and no descriptor left open. */
function expectRefused(code: string, attempt: () => unknown = open): void {
  expect(attempt).toThrow(expect.objectContaining({ code }));
  expect(openDescriptors()).toEqual([]);
}

describe('RingFile', () => {
  it('is opened without waiting: whoever owns a file in its place can hold a lease on it', () => {
    create();
    const opened = vi.spyOn(fs, 'openSync');
    open().close();
    const flags = opened.mock.calls.map(([, given]) => Number(given) & fs.constants.O_NONBLOCK);
    opened.mockRestore();
    expect(flags).toEqual([fs.constants.O_NONBLOCK, fs.constants.O_NONBLOCK]);
  });

  it('reads and writes words of the header and bytes of the data', () => {
    create();
    const ring = open();
    expect(ring.wordSize).toBe(1024);
    ring.writeHeader(RING_HEADER.semaphore, 0xfffffffe);
    expect(ring.readHeader(RING_HEADER.semaphore)).toBe(0xfffffffe);
    ring.writeData(100, Buffer.from('xxhello'), 2, 5);
    const into = Buffer.alloc(8, 0xee);
    ring.readData(101, into, 2, 3);
    expect(into.toString('hex')).toBe('eeee656c6ceeeeee');
    expect(fs.readFileSync(`${path}-data`).toString('latin1', 100, 105)).toBe('hello');
    expect(fs.readFileSync(`${path}-header`).readUInt32LE(8208)).toBe(0xfffffffe);
    ring.close();
  });

  it('may be as large as a generous server makes it', () => {
    create({ wordSize: MOST_WORDS });
    const ring = open();
    expect(ring.wordSize).toBe(MOST_WORDS);
    ring.close();
  });

  it('reads eight aligned bytes for a word, never fewer: many kernels copy those one by one', () => {
    create();
    const ring = open();
    const reading = vi.spyOn(fs, 'readSync');
    const words = [RING_HEADER.writePointer, RING_HEADER.readPointer, RING_HEADER.semaphore];
    for (const word of words) ring.writeHeader(word, word + 1);
    expect(words.map((word) => ring.readHeader(word))).toEqual(words.map((word) => word + 1));
    for (const [, , , length, position] of reading.mock.calls as unknown as number[][]) {
      expect(length).toBe(8);
      expect((position ?? NaN) % 8).toBe(0);
    }
    expect(reading).toHaveBeenCalledTimes(words.length);
    reading.mockRestore();
    // The last word may be the end of the file.
    fs.truncateSync(`${path}-header`, RING_HEADER.size);
    ring.writeHeader(RING_HEADER.flowControl, 2);
    expect(ring.readHeader(RING_HEADER.flowControl)).toBe(2);
    ring.close();
  });

  // The server maps the files: a shorter one would kill it with SIGBUS.
  it('never changes the size of a file', () => {
    create();
    const sizes = (): number[] => ['header', 'data'].map((part) => fs.statSync(`${path}-${part}`).size);
    const before = sizes();
    const ring = open();
    ring.writeData(4092, Buffer.alloc(4), 0, 4);
    ring.writeHeader(RING_HEADER.flowControl, 0);
    ring.close();
    expect(sizes()).toEqual(before);
  });

  it('is where the header says, under the name that the server uses', () => {
    create({ recordedPath: '/dev/shm/qb-1-2-3-abcdef/qb-request-cmap' });
    expect(() => open('/dev/shm/qb-1-2-3-abcdef/qb-request-cmap').close()).not.toThrow();
  });

  it('closes both files, and is closed for good', () => {
    create();
    const ring = open();
    expect(openDescriptors()).toHaveLength(2);
    ring.close();
    ring.close();
    expect(openDescriptors()).toEqual([]);
    for (const use of [
      () => ring.readHeader(0),
      () => ring.writeHeader(0, 1),
      () => ring.readData(0, Buffer.alloc(4), 0, 4),
      () => ring.writeData(0, Buffer.alloc(4), 0, 4),
    ]) {
      expect(use).toThrow(expect.objectContaining({ code: 'CS_ERR_BAD_HANDLE' }));
    }
  });

  it.each(['header', 'data'])('notices if the %s file is cut short', (part) => {
    create();
    const ring = open();
    fs.truncateSync(`${path}-${part}`, 100);
    const read = (): unknown =>
      part === 'header'
        ? ring.readHeader(RING_HEADER.semaphore)
        : ring.readData(4000, Buffer.alloc(96), 0, 96);
    expect(read).toThrow(expect.objectContaining({ code: 'CS_ERR_SECURITY' }));
    ring.close();
  });

  it.each(['header', 'data'])('is refused if the %s file is missing', (part) => {
    create();
    fs.rmSync(`${path}-${part}`);
    expectRefused('CS_ERR_NOT_EXIST');
    expect(open).toThrow(/sharedMemoryDirectory/);
  });

  it.each(['header', 'data'])('is refused if the %s file is a symbolic link', (part) => {
    create();
    fs.renameSync(`${path}-${part}`, join(directory, 'elsewhere'));
    fs.symlinkSync(join(directory, 'elsewhere'), `${path}-${part}`);
    expectRefused('CS_ERR_SECURITY');
  });

  it.each(['header', 'data'])('is refused if the %s file has a second name', (part) => {
    create();
    fs.linkSync(`${path}-${part}`, join(directory, 'second'));
    expectRefused('CS_ERR_SECURITY');
  });

  it.runIf(isRoot).each(['header', 'data'])('is refused if the %s file is owned by somebody else', (part) => {
    create();
    fs.chownSync(`${path}-${part}`, SOMEBODY_ELSE, 0);
    expectRefused('CS_ERR_SECURITY');
  });

  it.each([0o640, 0o620, 0o610, 0o604, 0o602, 0o601, 0o666])(
    'is refused if others can reach it: mode %o',
    (mode) => {
      for (const part of ['header', 'data']) {
        create();
        fs.chmodSync(`${path}-${part}`, mode);
        expectRefused('CS_ERR_SECURITY');
        fs.rmSync(`${path}-${part}`);
      }
    },
  );

  it.each(['header', 'data'])(
    'is refused if the %s file is a fifo, and does not wait for its writer',
    (part) => {
      create();
      fs.rmSync(`${path}-${part}`);
      execFileSync('mkfifo', ['-m', '600', `${path}-${part}`]);
      expectRefused('CS_ERR_SECURITY');
    },
  );

  it.each(['header', 'data'])('is refused if the %s file is a directory', (part) => {
    create();
    fs.rmSync(`${path}-${part}`);
    fs.mkdirSync(`${path}-${part}`, { mode: 0o700 });
    expectRefused('CS_ERR_LIBRARY');
  });

  it.each([
    ['an empty header', { headerSize: 0 }],
    ['a header one byte short', { headerSize: 8243 }],
    ['data one byte short', { dataSize: 4095 }],
    ['no data', { dataSize: 0 }],
    ['more words than data', { statedWordSize: 1025 }],
    ['fewer words than a message needs', { wordSize: 1023, dataSize: 4096 }],
    ['no words', { statedWordSize: 0 }],
    ['4 billion words', { statedWordSize: 2 ** 32 - 1 }],
    ['more words than anybody asks for', { wordSize: MOST_WORDS + 1 }],
    ['another name', { recordedPath: '/dev/shm/qb-1-2-3-abcdef/qb-response-cmap' }],
  ])('is refused with %s', (_what, ring) => {
    create(ring);
    expectRefused('CS_ERR_SECURITY');
  });

  it.each([
    ['names another file', (at: number, header: Buffer) => header.write('/dev/shm/other-data', at)],
    ['goes on', (at: number, header: Buffer) => header.write('x', header.indexOf(0, at))],
    ['has no end', (at: number, header: Buffer) => header.fill('x', at, at + 4096)],
    ['is empty', (at: number, header: Buffer) => header.fill(0, at, at + 4096)],
  ])('is refused where a path in its header %s', (_what, change) => {
    for (const at of [RING_HEADER.headerPath, RING_HEADER.dataPath]) {
      create();
      const header = fs.readFileSync(`${path}-header`);
      change(at, header);
      fs.writeFileSync(`${path}-header`, header);
      expectRefused('CS_ERR_SECURITY');
    }
  });
});

describe('checkTrustedDirectory', () => {
  const since = Moment.now(tmpdir());
  const check = (): unknown => checkTrustedDirectory(path, since);

  it.each([0o700, 0o770, 0o750])('accepts a directory of mode %o', (mode) => {
    fs.mkdirSync(path);
    fs.chmodSync(path, mode);
    expect(check).not.toThrow();
    expect(openDescriptors()).toEqual([]);
  });

  it.each([0o702, 0o777, 0o1777])('refuses a directory that anybody can write: mode %o', (mode) => {
    fs.mkdirSync(path);
    fs.chmodSync(path, mode);
    expectRefused('CS_ERR_SECURITY', check);
  });

  it('refuses a symbolic link to a good directory', () => {
    fs.mkdirSync(join(directory, 'good'), { mode: 0o700 });
    fs.symlinkSync(join(directory, 'good'), path);
    expectRefused('CS_ERR_SECURITY', check);
  });

  it('refuses a file', () => {
    fs.writeFileSync(path, '', { mode: 0o600 });
    expectRefused('CS_ERR_SECURITY', check);
  });

  it.runIf(isRoot)('refuses a directory of somebody else', () => {
    fs.mkdirSync(path, { mode: 0o700 });
    fs.chownSync(path, SOMEBODY_ELSE, 0);
    expectRefused('CS_ERR_SECURITY', check);
  });

  it('says what to do if there is none', () => {
    expectRefused('CS_ERR_NOT_EXIST', check);
    expect(check).toThrow(/sharedMemoryDirectory/);
  });
});

describe('removeRingFiles', () => {
  const pathsIn = (there: string): Parameters<typeof removeRingFiles>[0] => ({
    directory: there,
    serverPid: 1,
    clientPid: 2,
    request: join(there, 'qb-request-cmap'),
    response: join(there, 'qb-response-cmap'),
    event: join(there, 'qb-event-cmap'),
  });

  it('removes the files of the three rings and their directory', () => {
    fs.mkdirSync(path);
    for (const channel of ['request', 'response', 'event']) {
      createRingFiles({ path: join(path, `qb-${channel}-cmap`) });
    }
    removeRingFiles(pathsIn(path));
    expect(fs.readdirSync(directory)).toEqual([]);
  });

  it('removes nothing else', () => {
    fs.mkdirSync(path);
    fs.writeFileSync(join(path, 'precious'), '');
    expect(() => removeRingFiles(pathsIn(path))).not.toThrow();
    expect(fs.readdirSync(path)).toEqual(['precious']);
  });

  it('removes what is left where some of it is gone already, and what it is told to beside the rings', () => {
    fs.mkdirSync(path);
    for (const name of ['qb-response-cmap-data', 'qb-event-cmap-header', 'qb-control-cmap'])
      fs.writeFileSync(join(path, name), '');
    removeRingFiles(pathsIn(path), join(path, 'qb-gone-cmap'), join(path, 'qb-control-cmap'));
    expect(fs.readdirSync(directory)).toEqual([]);
  });

  it('does not mind if there is nothing to remove', () => {
    expect(() => removeRingFiles(pathsIn(path))).not.toThrow();
  });
});
