import { DIRECTORY_VARIABLES } from '../../directories.ts';
import { NAMESPACES, type CorosyncProcess, type Namespaces } from '../system/corosync-process.ts';
import { note, ok, problem, type Remark } from '../finding.ts';
import type { Surroundings } from '../surroundings.ts';

const SHARED_MEMORY = '/dev/shm';

/** Ours beside those of the corosync that we are going to talk to, or else of each that can be seen. */
export function checkNamespaces(surroundings: Surroundings): Remark[] {
  const { corosync, processes, namespaces } = surroundings;
  if (namespaces === undefined) return [note('our own namespaces cannot be seen; is /proc mounted?')];
  const others = corosync === undefined ? processes : [corosync];
  return others.flatMap((process) => compare(process, namespaces, surroundings));
}

function compare(process: CorosyncProcess, ours: Namespaces, surroundings: Surroundings): Remark[] {
  const { pid, namespaces: theirs } = process;
  if (theirs === undefined) {
    return [
      note(`those of corosync (pid ${pid}) cannot be seen by uid ${surroundings.user.uid}; root sees more`),
    ];
  }
  const different = NAMESPACES.filter((kind) => theirs[kind] !== ours[kind]);
  const all =
    different.length === 0
      ? ok(`the same as those of corosync (pid ${pid}): ${NAMESPACES.join(', ')}`)
      : note(`not the same as those of corosync (pid ${pid}): ${different.join(', ')}`);
  if (different.length === 0 && surroundings.sharedMemoryDirectory === SHARED_MEMORY) return [all];
  return [all, ...compareMemory(process, surroundings)];
}

/** What matters of the mount namespace is whether its /dev/shm is the one that we look at. */
function compareMemory(process: CorosyncProcess, surroundings: Surroundings): Remark[] {
  const { pid, root } = process;
  const { files, sharedMemoryDirectory, corosync } = surroundings;
  if (root === undefined) return [];
  const theirs = `${root}${SHARED_MEMORY}`;
  const whose = `the ${SHARED_MEMORY} of corosync (pid ${pid})`;
  if (files.same(theirs, sharedMemoryDirectory) === true) return [ok(`${sharedMemoryDirectory} is ${whose}`)];
  const remedy =
    files.same(theirs, SHARED_MEMORY) === true
      ? `leave out --shm-directory, and unset ${DIRECTORY_VARIABLES.sharedMemoryDirectory}`
      : `use --shm-directory ${theirs}, or share it: docker run --ipc=container:NAME`;
  return [(process === corosync ? problem : note)(`${sharedMemoryDirectory} is not ${whose}`, remedy)];
}
