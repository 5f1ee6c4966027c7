import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ConnectionError } from '../../src/errors/index.ts';
import { Moment } from '../../src/ipc/moment.ts';
import { checkTrustedDirectory, isStill, openTrusted } from '../../src/ipc/trusted-file.ts';
import { openDescriptors } from '../helpers/open-descriptors.ts';

const { fstatSync } = fs;
const SIZE = 100;
const untrusted = (why: RegExp): Error =>
  expect.objectContaining({
    name: 'ConnectionError',
    code: 'CS_ERR_SECURITY',
    operation: 'connect',
    message: expect.stringMatching(why) as string,
  }) as Error;

let root: string;
let path: string;
let since: Moment;
beforeEach(() => {
  root = fs.mkdtempSync(join(tmpdir(), 'trusted-file-'));
  path = join(root, 'it');
  since = Moment.now(root);
});
afterEach(() => {
  vi.restoreAllMocks();
  fs.rmSync(root, { recursive: true });
});

/** Says of every open file that its owner is another one. */
function pretendOwner(uid: bigint): void {
  const pretending = (fd: number): fs.BigIntStats => Object.assign(fstatSync(fd, { bigint: true }), { uid });
  vi.spyOn(fs, 'fstatSync').mockImplementation(pretending);
}

/** Runs as one user, with the rights of another. */
function pretendUsers(real: number, effective: number): void {
  vi.spyOn(process, 'getuid').mockReturnValue(real);
  vi.spyOn(process, 'geteuid').mockReturnValue(effective);
}

/** Whatever comes of it, no descriptor stays open but the one that is returned. */
function leavingNothing(run: () => unknown): unknown {
  const before = openDescriptors().length;
  try {
    return run();
  } finally {
    expect(openDescriptors().length).toBe(before);
  }
}

describe('the directory of a connection', () => {
  const check = (moment = since): unknown => leavingNothing(() => checkTrustedDirectory(path, moment));

  it.each([0o700, 0o750, 0o770])('may have mode %o', (mode) => {
    fs.mkdirSync(path);
    fs.chmodSync(path, mode);
    const { dev, ino } = fs.lstatSync(path, { bigint: true });
    expect(check()).toEqual({ dev, ino });
  });

  it.each([0o702, 0o777])('may not be for others to write: mode %o', (mode) => {
    fs.mkdirSync(path);
    fs.chmodSync(path, mode);
    expect(() => check()).toThrow(untrusted(/can be written by anybody/));
  });

  it('is of root or of our real user', () => {
    fs.mkdirSync(path, { mode: 0o700 });
    pretendUsers(1234, 5678);
    for (const uid of [0n, 1234n]) {
      pretendOwner(uid);
      expect(() => check()).not.toThrow();
    }
    for (const uid of [5678n, 77n]) {
      pretendOwner(uid);
      expect(() => check()).toThrow(untrusted(new RegExp(`owned by uid ${uid}`)));
    }
  });

  it('is neither a link nor a file', () => {
    fs.mkdirSync(join(root, 'elsewhere'));
    fs.symlinkSync('elsewhere', path);
    expect(() => check()).toThrow(untrusted(/symbolic link or no directory/));
    fs.rmSync(path);
    fs.writeFileSync(path, '');
    expect(() => check()).toThrow(untrusted(/symbolic link or no directory/));
  });

  it('was made since we asked', () => {
    fs.mkdirSync(path, { mode: 0o700 });
    fs.utimesSync(path, new Date(), new Date(Date.now() - 1000));
    expect(() => check()).toThrow(untrusted(/was there before/));
  });

  it('that is gone is what a corosync leaves that has just ended', () => {
    expect(() => check()).toThrow(
      expect.objectContaining({
        name: 'ConnectionError',
        code: 'CS_ERR_NOT_EXIST',
        errno: 'ENOENT',
        message: expect.stringMatching(/has just ended, or its shared memory is not mounted here/) as string,
      }) as Error,
    );
  });
});

describe('a file of a connection', () => {
  const make = (size = SIZE, mode = 0o600): void => {
    fs.writeFileSync(path, Buffer.alloc(size));
    fs.chmodSync(path, mode);
  };
  const open = (moment?: Moment): void =>
    void leavingNothing(() => fs.closeSync(openTrusted(path, SIZE, moment)));

  it.each([SIZE, SIZE + 1])('is opened for reading and writing, as it is: %d bytes', (size) => {
    make(size);
    const fd = openTrusted(path, SIZE, since);
    fs.writeSync(fd, 'x', 3);
    fs.closeSync(fd);
    expect(fs.readFileSync(path, 'latin1')).toBe(`\0\0\0x${'\0'.repeat(size - 4)}`);
  });

  it('has no less than the size that is said', () => {
    make(SIZE - 1);
    expect(() => open()).toThrow(expect.objectContaining({ code: 'CS_ERR_SECURITY' }) as Error);
  });

  it.each([0o640, 0o604, 0o610, 0o601, 0o620, 0o602])('is for nobody else: mode %o', (mode) => {
    make(SIZE, mode);
    expect(() => open()).toThrow(
      untrusted(new RegExp(`can be reached by others \\(mode ${mode.toString(8)}\\)`)),
    );
  });

  it('is of our real user, and of nobody else, not even root', () => {
    make();
    pretendUsers(1234, 0);
    pretendOwner(1234n);
    expect(() => open()).not.toThrow();
    pretendOwner(0n);
    expect(() => open()).toThrow(untrusted(/owned by uid 0/));
  });

  it('has one name', () => {
    make();
    fs.linkSync(path, join(root, 'another'));
    expect(() => open()).toThrow(untrusted(/has 2 links/));
  });

  it('is no link', () => {
    fs.writeFileSync(join(root, 'elsewhere'), Buffer.alloc(SIZE), { mode: 0o600 });
    fs.symlinkSync('elsewhere', path);
    expect(() => open()).toThrow(untrusted(/symbolic link/));
  });

  it('is no pipe, whose other end nobody waits for', () => {
    execFileSync('mkfifo', ['-m', '600', path]);
    expect(() => open()).toThrow(untrusted(/is not a plain file/));
  });

  it('was made since we asked, where that is known', () => {
    make();
    fs.utimesSync(path, new Date(), new Date(Date.now() - 1000));
    expect(() => open(since)).toThrow(untrusted(/was there before/));
    expect(() => open()).not.toThrow();
  });

  it('that may not be opened is perhaps another user’s, as whom the program goes on', () => {
    make();
    vi.spyOn(fs, 'openSync').mockImplementation(() => {
      throw Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES', errno: -13 });
    });
    const detailOf = (): string => {
      try {
        return String(openTrusted(path, SIZE));
      } catch (error) {
        expect(error).toMatchObject({ name: 'ConnectionError', code: 'CS_ERR_ACCESS', errno: 'EACCES' });
        return error instanceof ConnectionError ? (error.detail ?? '') : '';
      }
    };
    pretendUsers(1234, 1234);
    expect(detailOf()).toBe(`cannot open ${path}`);
    pretendUsers(1234, 5678);
    expect(detailOf()).toMatch(/to the real uid, 1234, and this process runs as 5678$/);
  });
});

describe('what was checked', () => {
  it('is still there under its name, or is not', () => {
    fs.mkdirSync(path, { mode: 0o700 });
    const identity = checkTrustedDirectory(path, since);
    expect(isStill(identity, path)).toBe(true);
    fs.renameSync(path, join(root, 'moved'));
    expect(isStill(identity, path)).toBe(false);
    fs.mkdirSync(path);
    expect(isStill(identity, path)).toBe(false);
    expect(isStill({ ...identity, dev: identity.dev + 1n }, join(root, 'moved'))).toBe(false);
    fs.rmSync(path, { recursive: true });
    fs.symlinkSync('moved', path);
    expect(isStill(identity, path)).toBe(false);
  });
});
