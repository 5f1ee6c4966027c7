import { basename } from 'node:path';
import { abstractName, unixSockets } from './listening-sockets.ts';
import { nameOfProcess, statusOf } from './process-status.ts';
import type { SystemFiles } from './system-files.ts';

/** A process that listens. */
export interface SocketOwner {
  readonly pid: number;
  readonly name: string;
  readonly uid: number;
}

/**
 * Who listens on a path, or an abstract name with its leading NUL, in our network namespace. Root sees the descriptors of all processes,
 * others only their own: `undefined` if none of those that can be seen has it.
 * @param first who is likely to have it, so that few processes are looked at.
 */
export function ownerOf(
  files: SystemFiles,
  socketPath: string,
  first: readonly number[],
): SocketOwner | undefined {
  const candidates = unixSockets(files, 'self').filter(
    ({ listens, address }) => listens && address !== undefined && mayBe(address, socketPath),
  );
  if (candidates.length === 0) return undefined;
  const wanted = new Map(candidates.map(({ inode, address = '' }) => [`socket:[${inode}]`, address]));
  const others = (files.names('/proc') ?? []).filter((name) => /^\d+$/.test(name)).map(Number);
  const pid = [...first, ...others].find((one) =>
    held(files, one, wanted).some((address) => leadsTo(files, one, address, socketPath)),
  );
  if (pid === undefined) return undefined;
  return { pid, name: nameOfProcess(files, pid), uid: statusOf(files, pid)?.uid ?? NaN };
}

/** A path is written as its server gave it, for its own working and root directory. */
function mayBe(address: string, socketPath: string): boolean {
  return socketPath.startsWith('\0')
    ? address === abstractName(socketPath)
    : !address.startsWith('@') && basename(address) === basename(socketPath);
}

function leadsTo(files: SystemFiles, pid: number, address: string, socketPath: string): boolean {
  if (socketPath.startsWith('\0')) return true;
  const from = address.startsWith('/') ? `/proc/${pid}/root` : `/proc/${pid}/cwd/`;
  return files.same(`${from}${address}`, socketPath) === true;
}

/** The addresses of those of the sockets that a process has open. */
function held(files: SystemFiles, pid: number, wanted: ReadonlyMap<string, string>): string[] {
  const directory = `/proc/${pid}/fd`;
  return (files.names(directory) ?? []).flatMap(
    (fd) => wanted.get(files.link(`${directory}/${fd}`) ?? '') ?? [],
  );
}
