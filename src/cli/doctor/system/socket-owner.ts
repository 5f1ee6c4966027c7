import { unixSockets } from './listening-sockets.ts';
import { statusOf } from './process-status.ts';
import type { SystemFiles } from './system-files.ts';

/** A process that listens. */
export interface SocketOwner {
  readonly pid: number;
  readonly name: string;
  readonly uid: number;
}

/**
 * Who listens on an address in our network namespace. Root sees the descriptors of all processes, others only their own: `undefined` if
 * none of those that can be seen has it.
 * @param first who is likely to have it, so that few processes are looked at.
 */
export function ownerOf(
  files: SystemFiles,
  address: string,
  first: readonly number[],
): SocketOwner | undefined {
  const socket = unixSockets(files, 'self').find((one) => one.listens && one.address === address);
  if (socket === undefined) return undefined;
  const wanted = `socket:[${socket.inode}]`;
  const others = (files.names('/proc') ?? []).filter((name) => /^\d+$/.test(name)).map(Number);
  const pid = [...first, ...others].find((one) => has(files, one, wanted));
  if (pid === undefined) return undefined;
  const name = files.text(`/proc/${pid}/comm`)?.trimEnd() ?? '?';
  return { pid, name, uid: statusOf(files, pid)?.uid ?? NaN };
}

function has(files: SystemFiles, pid: number, target: string): boolean {
  const directory = `/proc/${pid}/fd`;
  return (files.names(directory) ?? []).some((fd) => files.link(`${directory}/${fd}`) === target);
}
