import type { IpcOptions } from '../../ipc/index.ts';
import { socketPath } from '../../ipc/socket-address.ts';
import {
  findCorosync,
  namespacesOf,
  type CorosyncProcess,
  type Namespaces,
} from './system/corosync-process.ts';
import { abstractName, listeningSockets, socketFiles } from './system/listening-sockets.ts';
import type { SystemFiles } from './system/system-files.ts';

/** A user and a group by number. */
export interface Credentials {
  readonly uid: number;
  readonly gid: number;
}

/** What all checks look at. */
export interface Surroundings {
  readonly files: SystemFiles;
  /** Name of corosync's socket. */
  readonly service: string;
  /** What is going to be connected to; an abstract name starts with NUL. */
  readonly socketPath: string;
  /** As the caller gave it. */
  readonly socketDirectory: string | undefined;
  readonly sharedMemoryDirectory: string;
  readonly bufferSize: number;
  /** The effective ones. */
  readonly user: Credentials;
  /** Those that corosync sees: others, if it runs outside of our user namespace. */
  readonly seenAs: Credentials;
  readonly namespaces: Namespaces | undefined;
  /** All that can be seen. */
  readonly processes: readonly CorosyncProcess[];
  /** The one that the socket belongs to, as far as can be told. */
  readonly corosync: CorosyncProcess | undefined;
}

export type Settings = Pick<
  IpcOptions,
  'service' | 'socketDirectory' | 'sharedMemoryDirectory' | 'bufferSize'
>;

export function lookAround(files: SystemFiles, settings: Settings, user: Credentials): Surroundings {
  const { service, socketDirectory, sharedMemoryDirectory = '/dev/shm', bufferSize } = settings;
  const path = socketPath(service, socketDirectory);
  const namespaces = namespacesOf(files, 'self');
  const processes = findCorosync(files);
  const corosync = processes.find((one) =>
    path.startsWith('\0')
      ? sharesNetwork(files, one, namespaces, abstractName(path))
      : ownsSocketFile(files, one, path, service),
  );
  return {
    files,
    service,
    socketPath: path,
    socketDirectory,
    sharedMemoryDirectory,
    bufferSize,
    user,
    seenAs: seenByCorosync(files, user, namespaces, corosync),
    namespaces,
    processes,
    corosync,
  };
}

/** An abstract name belongs to a network namespace; where we may not look at that, a name that both have is a fair guess. */
function sharesNetwork(
  files: SystemFiles,
  { pid, namespaces }: CorosyncProcess,
  ours: Namespaces | undefined,
  name: string,
): boolean {
  if (namespaces !== undefined && ours !== undefined) return namespaces.net === ours.net;
  return listeningSockets(files, pid).includes(name) && listeningSockets(files, 'self').includes(name);
}

function ownsSocketFile(
  files: SystemFiles,
  { pid, root = '' }: CorosyncProcess,
  path: string,
  service: string,
): boolean {
  const candidates = socketFiles(listeningSockets(files, pid), service);
  return candidates.some((file) => files.same(`${root}${file}`, path) === true);
}

/** The kernel translates credentials from namespace to namespace; the map that we see leads one step outwards. */
function seenByCorosync(
  files: SystemFiles,
  { uid, gid }: Credentials,
  ours: Namespaces | undefined,
  corosync: CorosyncProcess | undefined,
): Credentials {
  if (corosync !== undefined && sharesUsers(corosync, ours)) return { uid, gid };
  return { uid: outside(files, 'uid_map', uid), gid: outside(files, 'gid_map', gid) };
}

/** corosync runs as root: where we may not look at its namespace, root as we know it is of ours. */
function sharesUsers(corosync: CorosyncProcess, ours: Namespaces | undefined): boolean {
  if (corosync.namespaces === undefined || ours === undefined) return corosync.uid === 0;
  return corosync.namespaces.user === ours.user;
}

function outside(files: SystemFiles, map: 'uid_map' | 'gid_map', id: number): number {
  for (const line of (files.text(`/proc/self/${map}`) ?? '').split('\n')) {
    const [inside = NaN, begin = NaN, count = NaN] = line.trim().split(/\s+/).map(Number);
    if (id >= inside && id < inside + count) return begin + id - inside;
  }
  return id;
}
