import type { IpcOptions } from '../../ipc/index.ts';
import { socketPath } from '../../ipc/socket-address.ts';
import { findCorosync, type CorosyncProcess } from './system/corosync-process.ts';
import { listeningSockets, sharesSockets, socketFiles } from './system/listening-sockets.ts';
import { isSame } from './system/mounts.ts';
import { namespacesOf, type Namespaces } from './system/namespaces.ts';
import { ownerOf, type SocketOwner } from './system/socket-owner.ts';
import type { SystemFiles } from './system/system-files.ts';
import { isKnownId, seenBy, type Credentials } from './system/user-namespace.ts';

/** Where libqb makes the files of connections. */
export const SHARED_MEMORY = '/dev/shm';

/** Who runs this process. */
export interface User {
  /** What the system lets this process do depends on these. */
  readonly effective: Credentials;
  /** What the kernel tells corosync of us (SCM_CREDENTIALS). */
  readonly real: Credentials;
  /** The supplementary ones; corosync does not look at them. */
  readonly groups: readonly number[];
}

/** What this process is about to do, and what it finds around it. */
export interface Surroundings {
  readonly files: SystemFiles;
  readonly service: string;
  /** Where we are going to connect: a path, or an abstract name with its leading NUL. */
  readonly socketPath: string;
  readonly socketDirectory: string | undefined;
  readonly sharedMemoryDirectory: string;
  readonly bufferSize: number;
  readonly user: User;
  /** The real ids as corosync sees them: others, if it runs in another user namespace. */
  readonly seenAs: Credentials;
  readonly namespaces: Namespaces | undefined;
  /** All that can be seen. */
  readonly processes: readonly CorosyncProcess[];
  /** The one that the socket belongs to, as far as can be told. */
  readonly corosync: CorosyncProcess | undefined;
  /** Who has the socket, where that can be seen. */
  readonly owner: SocketOwner | undefined;
}

export type Settings = Pick<
  IpcOptions,
  'service' | 'socketDirectory' | 'sharedMemoryDirectory' | 'bufferSize'
>;

export function lookAround(files: SystemFiles, settings: Settings, user: User): Surroundings {
  const { service, socketDirectory, sharedMemoryDirectory = SHARED_MEMORY, bufferSize } = settings;
  const path = socketPath(service, socketDirectory);
  const namespaces = namespacesOf(files, 'self');
  const processes = findCorosync(files);
  const pids = processes.map(({ pid }) => pid);
  const owner = ownerOf(files, path, pids);
  const corosync = processes.find((one) =>
    path.startsWith('\0')
      ? (owner === undefined || !pids.includes(owner.pid) || owner.pid === one.pid) &&
        sharesNetwork(files, one, namespaces)
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
    seenAs: seenBy(files, corosync?.pid, user.real),
    namespaces,
    processes,
    corosync,
    owner,
  };
}

/** An abstract name belongs to a network namespace. */
export function sharesNetwork(
  files: SystemFiles,
  { pid, namespaces }: CorosyncProcess,
  ours: Namespaces | undefined,
): boolean {
  if (namespaces !== undefined && ours !== undefined) return namespaces.net === ours.net;
  return sharesSockets(files, pid) === true;
}

function ownsSocketFile(
  files: SystemFiles,
  { pid }: CorosyncProcess,
  path: string,
  service: string,
): boolean {
  const candidates = socketFiles(listeningSockets(files, pid), service);
  return candidates.some((file) => isSame(files, { pid, path: file }, path) === true);
}

/** Another user than corosync's and ours, who has made the socket: by its process, or by its file. */
export function foreignUid(surroundings: Surroundings): number | undefined {
  const { owner, processes, user, corosync } = surroundings;
  const isCorosync = owner !== undefined && processes.some(({ pid }) => pid === owner.pid);
  const uid = isCorosync ? undefined : (owner?.uid ?? fileOwner(surroundings));
  const known = [0, user.effective.uid, corosync?.status.uid];
  return uid === undefined || known.includes(uid) ? undefined : uid;
}

/** In a user namespace, the owner of a file may be shown as nobody. */
function fileOwner({ files, socketPath }: Surroundings): number | undefined {
  const uid = socketPath.startsWith('\0') ? undefined : files.stat(socketPath)?.uid;
  return uid === undefined || !isKnownId(files, uid) ? undefined : uid;
}
