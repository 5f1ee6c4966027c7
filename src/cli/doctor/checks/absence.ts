import { dirname } from 'node:path';
import { FORCE_FILESYSTEM_SOCKETS, abstractSocketPath } from '../../../ipc/socket-address.ts';
import { DIRECTORY_VARIABLES } from '../../directories.ts';
import { isFirstPidNamespace, type CorosyncProcess } from '../system/corosync-process.ts';
import { abstractName, listeningSockets, socketFiles } from '../system/listening-sockets.ts';
import type { Surroundings } from '../surroundings.ts';

const START = 'start it: systemctl start corosync (and journalctl -u corosync says why it ended)';

const SHARE =
  'docker run --network=container:NAME --ipc=container:NAME (host for both, if corosync is in no container)';

/** Nobody listens where we looked: what to do depends on where corosync is. */
export function remedyForAbsence(surroundings: Surroundings): string {
  const { processes, namespaces, files } = surroundings;
  for (const process of processes) {
    const addresses = listeningSockets(files, process.pid);
    const [file] = socketFiles(addresses, surroundings.service);
    if (file !== undefined) return useFile(file, process, surroundings);
    if (addresses.includes(abstractName(abstractSocketPath(surroundings.service))))
      return useName(process, surroundings);
  }
  const [process] = processes;
  if (process !== undefined) {
    return `corosync (pid ${process.pid}) does not listen as ${surroundings.service} yet: wait until it has started, or give its --socket-name`;
  }
  return isFirstPidNamespace(namespaces)
    ? START
    : `${START}; if it runs outside of this container:\n${SHARE}`;
}

function useFile(file: string, { pid, root }: CorosyncProcess, { files }: Surroundings): string {
  const found = `corosync (pid ${pid}) listens on the file ${file}`;
  const isHere = root === undefined ? files.stat(file)?.isSocket() : files.same(`${root}${file}`, file);
  if (isHere === true) return `${found}: use --socket-directory ${dirname(file)}`;
  if (root === undefined) return `${found} of another container: run corosync-client doctor as root`;
  return `${found} of its container: use --socket-directory ${root}${dirname(file)} --shm-directory ${root}/dev/shm`;
}

function useName(process: CorosyncProcess, surroundings: Surroundings): string {
  if (
    listeningSockets(surroundings.files, 'self').includes(
      abstractName(abstractSocketPath(surroundings.service)),
    )
  ) {
    return `corosync (pid ${process.pid}) listens on the abstract name: ${withoutFiles(surroundings)}`;
  }
  return [
    `corosync (pid ${process.pid}) listens in another network namespace; any of these leads there:`,
    `  nsenter --target ${process.pid} --net corosync-client doctor${otherSharedMemory(process, surroundings)}`,
    `  ${SHARE}`,
    `  touch ${FORCE_FILESYSTEM_SOCKETS} where corosync runs, restart it, and run corosync-client doctor again`,
  ].join('\n');
}

function withoutFiles({ socketDirectory }: Surroundings): string {
  return socketDirectory === undefined
    ? `restart it, or remove ${FORCE_FILESYSTEM_SOCKETS}`
    : `leave out --socket-directory, and unset ${DIRECTORY_VARIABLES.socketDirectory}`;
}

function otherSharedMemory(
  { root }: CorosyncProcess,
  { files, sharedMemoryDirectory }: Surroundings,
): string {
  if (root === undefined || files.same(`${root}/dev/shm`, sharedMemoryDirectory) !== false) return '';
  return ` --shm-directory ${root}/dev/shm`;
}
