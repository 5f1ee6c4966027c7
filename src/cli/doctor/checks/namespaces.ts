import { DIRECTORY_VARIABLES } from '../../directories.ts';
import { note, ok, problem, type Remark } from '../finding.ts';
import { SHARED_MEMORY, sharesNetwork, type Surroundings } from '../surroundings.ts';
import type { CorosyncProcess } from '../system/corosync-process.ts';
import { isSame } from '../system/mounts.ts';
import { NAMESPACES, type Namespaces } from '../system/namespaces.ts';
import type { SystemFiles } from '../system/system-files.ts';

const LEAVE_OUT = `leave out --shm-directory, and unset ${DIRECTORY_VARIABLES.sharedMemoryDirectory}`;
/** libqb's name of a flight recorder of corosync, which it has in shared memory as long as it runs. */
const FLIGHT_RECORDER = /^qb-corosync-\d+-blackbox-header$/;

/** Ours beside those of the corosync that we are going to talk to, or else of each that can be seen. */
export function checkNamespaces(surroundings: Surroundings): Remark[] {
  const { corosync, processes, namespaces } = surroundings;
  if (namespaces === undefined) {
    return [note('namespaces-unknown', 'our own namespaces cannot be seen; is /proc mounted?')];
  }
  if (processes.length === 0) return seemsForeign(surroundings);
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
      ? LEAVE_OUT
      : `use --shm-directory ${reach}, as root, or share it: docker run --ipc=container:NAME`;
  return [(process === corosync ? problem : note)('shm-foreign', `${ours} is not ${whose}`, remedy)];
}

/** Where no corosync can be seen, its files tell where it may be. */
function seemsForeign({ files, sharedMemoryDirectory: ours }: Surroundings): Remark[] {
  if (ours === SHARED_MEMORY || isUsed(files, ours) !== false || isUsed(files, SHARED_MEMORY) !== true)
    return [];
  const text = `no corosync has files in ${ours}, and one has, or had, in ${SHARED_MEMORY}`;
  return [note('shm-foreign', text, LEAVE_OUT)];
}

function isUsed(files: SystemFiles, directory: string): boolean | undefined {
  return files.names(directory)?.some((name) => FLIGHT_RECORDER.test(name));
}
