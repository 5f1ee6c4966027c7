import { note, problem, type Remark } from '../../finding.ts';
import { SHARED_MEMORY, type Surroundings } from '../../surroundings.ts';
import { isReadOnly, isSame, mountAt, type Mount } from '../../system/mounts.ts';
import { shellWord } from '../../shell-word.ts';

/** How shared memory is mounted, here and where corosync makes its files. */
export function checkMount(surroundings: Surroundings, ours: Mount | undefined): Remark[] {
  return [...checkOurs(surroundings, ours), ...checkTheirs(surroundings, ours)];
}

function checkOurs({ sharedMemoryDirectory: directory }: Surroundings, mount: Mount | undefined): Remark[] {
  if (mount === undefined) return [];
  if (isReadOnly(mount)) {
    return [
      problem(
        'shm-read-only',
        `${directory} is mounted read-only here; the client of a connection writes its rings`,
        `mount it for writing: ${remount(mount)}; for a container without :ro, for a unit without ReadOnlyPaths=`,
      ),
    ];
  }
  if (!mount.options.includes('idmapped')) return [];
  return [
    note(
      'shm-mapped-owners',
      `${directory} is mounted with mapped owners (idmapped): the files of a connection seem to be somebody else's, and are refused`,
      'mount it without a mapping of ids',
    ),
  ];
}

function checkTheirs(surroundings: Surroundings, ours: Mount | undefined): Remark[] {
  const { files, corosync, sharedMemoryDirectory } = surroundings;
  if (corosync === undefined) return [];
  const { pid, root, namespaces } = corosync;
  const there = { pid, path: SHARED_MEMORY };
  const mount = mountAt(files, there);
  if (root !== undefined && root !== '' && files.trouble(`${root}${SHARED_MEMORY}`) === 'ENOENT') {
    const text = `corosync (pid ${pid}) has no ${SHARED_MEMORY}: it cannot make the files of a connection`;
    const remedy = `as root: nsenter --target ${pid} --mount sh -c 'mkdir -p -m 1777 ${SHARED_MEMORY} && mount -t tmpfs tmpfs ${SHARED_MEMORY}'`;
    return [problem('corosync-shm-missing', text, remedy)];
  }
  if (mount === undefined || !isReadOnly(mount)) return [];
  // What is one mount has been told.
  const isOne = namespaces === undefined || namespaces.mnt === surroundings.namespaces?.mnt;
  const isOurs = isSame(files, there, sharedMemoryDirectory) === true;
  if (ours !== undefined && isReadOnly(ours) && isOurs && isOne) return [];
  return [
    problem(
      'corosync-shm-read-only',
      `${SHARED_MEMORY} of corosync (pid ${pid}) is mounted read-only: it cannot make the files of a connection`,
      `as root: nsenter --target ${pid} --mount ${remount(mount)}`,
    ),
  ];
}

/** Either the mount is read-only, or the file system, for all who have it mounted. */
function remount({ point, options }: Mount): string {
  return `mount -o remount,${options.includes('ro') ? 'bind,' : ''}rw ${shellWord(point)}`;
}
