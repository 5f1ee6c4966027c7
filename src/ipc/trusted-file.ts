import fs from 'node:fs';
import { malformed } from '../codec/malformed.ts';
import { ConnectionError, systemErrorToCsError } from '../errors/index.ts';

const { O_RDWR, O_NOFOLLOW, O_DIRECTORY, O_RDONLY } = fs.constants;

/** Checks that the directory of a connection's files is what corosync made: no link, and not for others to write. */
export function checkTrustedDirectory(directory: string): void {
  const fd = openOrFail(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  try {
    const stat = fs.fstatSync(fd);
    if (stat.uid !== 0 && stat.uid !== effectiveUid())
      throw untrusted(directory, `is owned by uid ${stat.uid}`);
    if ((stat.mode & 0o002) !== 0) throw untrusted(directory, 'can be written by anybody');
  } finally {
    fs.closeSync(fd);
  }
}

/**
 * Opens a file of a connection for reading and writing. It must be a plain file that only we can reach, of at least `expectedSize` bytes.
 * corosync's mapping dies of SIGBUS if it shrinks: nothing here truncates, or opens with a flag that could.
 */
export function openTrusted(path: string, expectedSize: number): number {
  const fd = openOrFail(path, O_RDWR | O_NOFOLLOW);
  try {
    checkTrusted(path, fs.fstatSync(fd), expectedSize);
  } catch (error) {
    fs.closeSync(fd);
    throw error;
  }
  return fd;
}

/** corosync hands each such file to its client: owned by our euid, mode 0600, one name. An impostor cannot forge that. */
function checkTrusted(path: string, stat: fs.Stats, expectedSize: number): void {
  if (!stat.isFile()) throw untrusted(path, 'is not a plain file');
  if (stat.uid !== effectiveUid()) throw untrusted(path, `is owned by uid ${stat.uid}`);
  if (stat.nlink !== 1) throw untrusted(path, `has ${stat.nlink} links`);
  if ((stat.mode & 0o077) !== 0)
    throw untrusted(path, `can be reached by others (mode ${(stat.mode & 0o777).toString(8)})`);
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
        : '');
    throw new ConnectionError(code, { operation: 'connect', errno, detail, cause });
  }
}

function effectiveUid(): number {
  return process.geteuid?.() ?? -1;
}

function untrusted(path: string, why: string): ConnectionError {
  return new ConnectionError('CS_ERR_SECURITY', {
    operation: 'connect',
    detail: `${path} ${why}; corosync would not have created it so`,
  });
}
