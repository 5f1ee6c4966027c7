import { basename } from 'node:path';
import type { SystemFiles } from './system-files.ts';

const SO_ACCEPTCON = 0x10000;
/** Number, references, protocol, flags, type, state, inode, and the address. */
const LINE = /^[0-9a-f]+: \w+ \w+ (?<flags>[0-9A-F]+) \w+ \w+ +\d+ (?<address>.+)$/;

/**
 * The addresses on which somebody listens in the network namespace of a process (`self` or a pid), as /proc writes them: paths, and
 * abstract names with an @ for each NUL.
 */
export function listeningSockets(files: SystemFiles, pid: number | 'self'): string[] {
  const lines = (files.text(`/proc/${pid}/net/unix`) ?? '').split('\n');
  return lines.flatMap((line) => {
    const { flags = '0', address } = LINE.exec(line)?.groups ?? {};
    return address !== undefined && (parseInt(flags, 16) & SO_ACCEPTCON) !== 0 ? [address] : [];
  });
}

/** As /proc writes an abstract name, its padding included. */
export function abstractName(socketPath: string): string {
  return socketPath.replaceAll('\0', '@');
}

/** Those of the addresses that are files with the name of the service. */
export function socketFiles(addresses: readonly string[], service: string): string[] {
  return addresses.filter((address) => address.startsWith('/') && basename(address) === service);
}
