import fs from 'node:fs';
import { dirname } from 'node:path';
import { ConnectionError, show } from '../errors/index.ts';

/** If this file exists, libqb names its sockets in the file system instead of the abstract namespace. */
export const FORCE_FILESYSTEM_SOCKETS = '/etc/libqb/force-filesystem-sockets';

/** SOCKETDIR is a build option of libqb: these are the values in use (/tmp in Debian's packages). */
const SOCKET_DIRECTORIES = ['/run', '/var/run', '/tmp'];

/** Bytes of sun_path: libqb binds the whole of it, so a shorter abstract name would be another socket. */
const SUN_PATH_SIZE = 108;

/** The path for `net.connect` of a service's socket. */
export function socketPath(service: string, directory: string | undefined): string {
  if (directory !== undefined) return `${directory}/${service}`;
  if (!fs.existsSync(FORCE_FILESYSTEM_SOCKETS)) return abstractSocketPath(service);
  const candidates = SOCKET_DIRECTORIES.map((name) => `${name}/${service}`);
  return candidates.find((path) => fs.existsSync(path)) ?? `/run/${service}`;
}

/** The same for its abstract name, whatever the machine prefers. */
export function abstractSocketPath(service: string): string {
  return `\0${service}`.padEnd(SUN_PATH_SIZE, '\0');
}

/** Bytes that the kernel takes for the path of a socket file: one less than there are, for the NUL at its end. */
const MAX_SOCKET_PATH_BYTES = SUN_PATH_SIZE - 1;

/** How many bytes a path has beyond what the kernel takes, in words, or `undefined`: then it fits. An abstract name does. */
export function excessOfSocketPath(path: string): string | undefined {
  const bytes = Buffer.byteLength(path);
  if (path.startsWith('\0') || bytes <= MAX_SOCKET_PATH_BYTES) return undefined;
  return `the path ${show(path)} has ${bytes} bytes; ${MAX_SOCKET_PATH_BYTES} are possible for a socket`;
}

/** @throws ConnectionError CS_ERR_NAME_TOO_LONG: no socket can have this path, so nobody listens there. */
export function checkSocketPath(path: string): void {
  const excess = excessOfSocketPath(path);
  if (excess === undefined) return;
  throw new ConnectionError('CS_ERR_NAME_TOO_LONG', {
    operation: 'connect',
    errno: 'ENAMETOOLONG',
    detail: `${excess}; give a shorter socketDirectory, for example a symbolic link to it`,
  });
}

/** A name for the server of a service, one however its socket directory is spelt. */
export function serverName(service: string, directory: string | undefined): string {
  const path = socketPath(service, directory);
  if (path.startsWith('\0')) return describeSocketPath(path);
  try {
    return `${fs.realpathSync(dirname(path))}/${service}`;
  } catch {
    return path; // the connection will fail, and say why
  }
}

/** How to show such a path to a person. */
export function describeSocketPath(path: string): string {
  return path.startsWith('\0') ? `@${path.slice(1).replace(/\0+$/, '')}` : path;
}
