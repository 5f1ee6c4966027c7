import { basename } from 'node:path';
import type { SystemFiles } from './system-files.ts';

const SO_ACCEPTCON = 0x10000;
/** Number, references, protocol, flags, type, state, inode, and the address if there is one. */
const LINE = /^[0-9a-f]+: \w+ \w+ (?<flags>[0-9A-F]+) \w+ \w+ +(?<inode>\d+)(?: (?<address>.+))?$/;

/** A unix socket of a network namespace. The number is the socket's own, whatever namespace it is in. */
interface UnixSocket {
  readonly inode: string;
  readonly listens: boolean;
  /** A path, or an abstract name with an @ for each NUL. */
  readonly address: string | undefined;
}

/**
 * The unix sockets in the network namespace of a process (`self` or a pid), as /proc writes them. Every user may read
 * this of every process.
 */
export function unixSockets(files: SystemFiles, pid: number | 'self'): UnixSocket[] {
  const lines = (files.text(`/proc/${pid}/net/unix`) ?? '').split('\n');
  return lines.flatMap((line) => {
    const { flags = '0', inode, address } = LINE.exec(line)?.groups ?? {};
    return inode === undefined
      ? []
      : [{ inode, address, listens: (parseInt(flags, 16) & SO_ACCEPTCON) !== 0 }];
  });
}

/** The addresses on which somebody listens there. */
export function listeningSockets(files: SystemFiles, pid: number | 'self'): string[] {
  return unixSockets(files, pid).flatMap(({ listens, address }) =>
    listens && address !== undefined ? [address] : [],
  );
}

/** Whether a process is in our network namespace: then the same sockets are seen in both. `undefined` if there are none. */
export function sharesSockets(files: SystemFiles, pid: number): boolean | undefined {
  const [ours, theirs] = (['self', pid] as const).map((one) => unixSockets(files, one));
  if (ours === undefined || theirs === undefined || ours.length === 0 || theirs.length === 0)
    return undefined;
  const inodes = new Set(ours.map(({ inode }) => inode));
  return theirs.some(({ inode }) => inodes.has(inode));
}

/** As /proc writes an abstract name, its padding included. */
export function abstractName(socketPath: string): string {
  return socketPath.replaceAll('\0', '@');
}

/** Those of the addresses that are files with the name of the service. */
export function socketFiles(addresses: readonly string[], service: string): string[] {
  return addresses.filter((address) => address.startsWith('/') && basename(address) === service);
}
