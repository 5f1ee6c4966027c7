import { dirname } from 'node:path';
import { FORCE_FILESYSTEM_SOCKETS, abstractSocketPath } from '../../../ipc/socket-address.ts';
import { DIRECTORY_VARIABLES } from '../../directories.ts';
import { sharesNetwork, type Surroundings } from '../surroundings.ts';
import type { CorosyncProcess } from '../system/corosync-process.ts';
import { abstractName, listeningSockets, socketFiles } from '../system/listening-sockets.ts';
import { isSame } from '../system/mounts.ts';
import { isFirstPidNamespace } from '../system/namespaces.ts';
import { hiding } from './hidden-processes.ts';
import { shellWord } from '../shell-word.ts';

const START = 'start it: systemctl start corosync (and journalctl -u corosync says why it ended)';

const SHARE =
  'docker run --network=container:NAME --ipc=container:NAME (host for both, if corosync is in no container)';

/** Nobody listens where we looked: what to do depends on where corosync is. */
export function remedyForAbsence(surroundings: Surroundings): string {
  const { processes, files, service } = surroundings;
  for (const process of processes) {
    const addresses = listeningSockets(files, process.pid);
    const [file] = socketFiles(addresses, service);
    if (file !== undefined) return useFile(file, process, surroundings);
    if (addresses.includes(abstractName(abstractSocketPath(service)))) return useName(process, surroundings);
  }
  return notYet(surroundings) ?? start(surroundings);
}

/** It runs here, and does not listen. */
function notYet({ processes, files, namespaces, service }: Surroundings): string | undefined {
  const here = processes.find((process) => sharesNetwork(files, process, namespaces)) ?? processes[0];
  if (here === undefined) return undefined;
  return `corosync (pid ${here.pid}) does not listen as ${service} yet: wait until it has started, or give its --socket-name`;
}

function start(surroundings: Surroundings): string {
  const hidden = hiding(surroundings);
  if (hidden !== undefined) return `${START}; whether it runs cannot be seen here: ${hidden[1]}`;
  return isFirstPidNamespace(surroundings.namespaces)
    ? START
    : `${START}; if it runs outside of this container:\n${SHARE}`;
}

function useFile(file: string, { pid, root }: CorosyncProcess, { files }: Surroundings): string {
  const found = `corosync (pid ${pid}) listens on the file ${file}`;
  if (isSame(files, { pid, path: file }, file) === true)
    return `${found}: use --socket-directory ${shellWord(dirname(file))}`;
  if (root === undefined || root === '')
    return `${found} of another container: run corosync-client doctor as root`;
  return `${found} of its container: use --socket-directory ${shellWord(`${root}${dirname(file)}`)} --shm-directory ${root}/dev/shm`;
}

function useName(process: CorosyncProcess, surroundings: Surroundings): string {
  const { pid } = process;
  const { files, namespaces } = surroundings;
  if (sharesNetwork(files, process, namespaces)) {
    return `corosync (pid ${pid}) listens on the abstract name: ${withoutFiles(surroundings)}`;
  }
  return [
    `corosync (pid ${pid}) listens in another network namespace; any of these leads there, the first for root:`,
    `  nsenter --target ${pid} --net corosync-client doctor${otherSharedMemory(process, surroundings)}`,
    `  ${SHARE}`,
    `  touch ${FORCE_FILESYSTEM_SOCKETS} where corosync runs, restart it, and run corosync-client doctor again`,
  ].join('\n');
}

function withoutFiles({ socketDirectory }: Surroundings): string {
  return socketDirectory === undefined
    ? `restart it, or remove ${FORCE_FILESYSTEM_SOCKETS}`
    : `leave out --socket-directory, and unset ${DIRECTORY_VARIABLES.socketDirectory}`;
}

function otherSharedMemory({ pid }: CorosyncProcess, { files, sharedMemoryDirectory }: Surroundings): string {
  const theirs = `/proc/${pid}/root/dev/shm`;
  return isSame(files, { pid, path: '/dev/shm' }, sharedMemoryDirectory) === false
    ? ` --shm-directory ${theirs}`
    : '';
}
