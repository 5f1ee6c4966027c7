import { DIRECTORY_VARIABLES } from '../../directories.ts';
import { note, ok, problem, type Remark } from '../finding.ts';
import { SHARED_MEMORY, sharesNetwork, type Surroundings } from '../surroundings.ts';
import type { CorosyncProcess } from '../system/corosync-process.ts';
import { isSame } from '../system/mounts.ts';
import { NAMESPACES, type Namespaces } from '../system/namespaces.ts';

/** Ours beside those of the corosync that we are going to talk to, or else of each that can be seen. */
export function checkNamespaces(surroundings: Surroundings): Remark[] {
  const { corosync, processes, namespaces } = surroundings;
  if (namespaces === undefined) {
    return [note('namespaces-unknown', 'our own namespaces cannot be seen; is /proc mounted?')];
  }
  const others = corosync === undefined ? processes : [corosync];
  return others.flatMap((process) => compare(process, namespaces, surroundings));
}

function compare(process: CorosyncProcess, ours: Namespaces, surroundings: Surroundings): Remark[] {
  const { pid, namespaces: theirs } = process;
  if (theirs === undefined) return [hidden(process, surroundings), ...compareMemory(process, surroundings)];
  const different = NAMESPACES.filter((kind) => theirs[kind] !== ours[kind]);
  if (different.length > 0) {
    const text = `not the same as those of corosync (pid ${pid}): ${different.join(', ')}`;
    return [note('namespaces-differ', text), ...compareMemory(process, surroundings)];
  }
  const all = ok(`the same as those of corosync (pid ${pid}): ${NAMESPACES.join(', ')}`);
  return surroundings.sharedMemoryDirectory === SHARED_MEMORY
    ? [all]
    : [all, ...compareMemory(process, surroundings)];
}

/** What everybody may see tells at least of the network namespace. */
function hidden(process: CorosyncProcess, { files, namespaces, user }: Surroundings): Remark {
  const { pid } = process;
  const { uid } = user.effective;
  if (sharesNetwork(files, process, namespaces)) return ok(`the network is that of corosync (pid ${pid})`);
  const more =
    uid === 0 ? 'something keeps root from looking: a container, or a security module' : 'root sees more';
  return note('namespaces-hidden', `those of corosync (pid ${pid}) cannot be seen by uid ${uid}; ${more}`);
}

/** What matters of the mount namespace is whether its /dev/shm is the one that we look at. */
function compareMemory(process: CorosyncProcess, surroundings: Surroundings): Remark[] {
  const { pid } = process;
  const { files, sharedMemoryDirectory: ours, corosync } = surroundings;
  const there = { pid, path: SHARED_MEMORY };
  const reach = `/proc/${pid}/root${SHARED_MEMORY}`;
  const isTheirs = (path: string): boolean | undefined => isSame(files, there, path);
  const whose = `the ${SHARED_MEMORY} of corosync (pid ${pid})`;
  const same = isTheirs(ours);
  if (same === undefined) return [];
  if (same) return [ok(`${ours} is ${whose}`)];
  const remedy =
    isTheirs(SHARED_MEMORY) === true
      ? `leave out --shm-directory, and unset ${DIRECTORY_VARIABLES.sharedMemoryDirectory}`
      : `use --shm-directory ${reach}, as root, or share it: docker run --ipc=container:NAME`;
  return [(process === corosync ? problem : note)('shm-foreign', `${ours} is not ${whose}`, remedy)];
}
