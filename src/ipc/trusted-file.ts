import fs from 'node:fs';
import { malformed } from '../codec/malformed.ts';
import { ConnectionError, systemErrorToCsError } from '../errors/index.ts';
import type { Moment } from './moment.ts';

const { O_RDWR, O_NOFOLLOW, O_NONBLOCK, O_DIRECTORY, O_RDONLY } = fs.constants;

/** Which file it is, by whatever name. */
export interface FileIdentity {
  readonly dev: bigint;
  readonly ino: bigint;
}

/**
 * Checks that the directory of a connection's files is what corosync made: no link, and not for others to write.
 * @param since when the handshake began that it is said to be made for
 */
export function checkTrustedDirectory(directory: string, since: Moment): FileIdentity {
  const fd = openOrFail(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  try {
    const stat = fs.fstatSync(fd, { bigint: true });
    if (stat.uid !== 0n && stat.uid !== ourUid()) throw untrusted(directory, `is owned by uid ${stat.uid}`);
    if ((stat.mode & 0o002n) !== 0n) throw untrusted(directory, 'can be written by anybody');
    since.checkPrecedes(directory, stat);
    return { dev: stat.dev, ino: stat.ino };
  } finally {
    fs.closeSync(fd);
  }
}

/** Whether a path still leads to the file or directory that was checked. */
export function isStill({ dev, ino }: FileIdentity, path: string): boolean {
  const stat = fs.lstatSync(path, { bigint: true, throwIfNoEntry: false });
  return stat?.dev === dev && stat.ino === ino;
}

/**
 * Opens a file of a connection for reading and writing. It must be a plain file that only we can reach, of at least `expectedSize` bytes.
 * corosync's mapping dies of SIGBUS if it shrinks: nothing here truncates, or opens with a flag that could.
 * @param since when the handshake began that it is said to be made for; not for a server, which has made it itself
 */
export function openTrusted(path: string, expectedSize: number, since?: Moment): number {
  // Whoever owns a file can have others wait when they open it, by a lease (fcntl(2)).
  const fd = openOrFail(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK);
  try {
    const stat = fs.fstatSync(fd, { bigint: true });
    checkTrusted(path, stat, expectedSize);
    since?.checkPrecedes(path, stat);
  } catch (error) {
    fs.closeSync(fd);
    throw error;
  }
  return fd;
}

/** corosync hands each such file to its client: owned by our uid, mode 0600, one name. An impostor cannot forge that. */
function checkTrusted(path: string, stat: fs.BigIntStats, expectedSize: number): void {
  if (!stat.isFile()) throw untrusted(path, 'is not a plain file');
  if (stat.uid !== ourUid()) throw untrusted(path, `is owned by uid ${stat.uid}`);
  if (stat.nlink !== 1n) throw untrusted(path, `has ${stat.nlink} links`);
  if ((stat.mode & 0o077n) !== 0n)
    throw untrusted(path, `can be reached by others (mode ${(stat.mode & 0o777n).toString(8)})`);
  if (stat.size < expectedSize) throw malformed(`${path} has ${stat.size} bytes, not ${expectedSize}`);
}

function openOrFail(path: string, flags: number): number {
  try {
    return fs.openSync(path, flags);
  } catch (cause) {
    const { code, errno } = systemErrorToCsError(cause);
    if (errno === 'ELOOP' || errno === 'ENOTDIR') throw untrusted(path, 'is a symbolic link or no directory');
    const detail =
      `cannot open ${path}` +
      (errno === 'ENOENT'
        ? '; corosync has just ended, or its shared memory is not mounted here (see sharedMemoryDirectory)'
        : errno === 'EACCES' && process.geteuid?.() !== process.getuid?.()
          ? `; corosync has given it to the real uid, ${process.getuid?.()}, and this process runs as ${process.geteuid?.()}`
          : '');
    throw new ConnectionError(code, { operation: 'connect', errno, detail, cause });
  }
}

/** The real one: that is what the kernel tells corosync of us, and to whom it gives the files. */
function ourUid(): bigint {
  return BigInt(process.getuid?.() ?? -1);
}

function untrusted(path: string, why: string): ConnectionError {
  return new ConnectionError('CS_ERR_SECURITY', {
    operation: 'connect',
    detail: `${path} ${why}; corosync would not have created it so`,
  });
}
