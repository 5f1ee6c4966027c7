import type { StatsFs } from 'node:fs';
import { note, ok, problem, type Remark } from '../../finding.ts';
import type { Surroundings } from '../../surroundings.ts';
import { mountAt, placeOf } from '../../system/mounts.ts';
import { findLeftovers } from './leftovers.ts';
import { checkMount } from './mount.ts';
import { connectionCost, costOfRings, LEAST_BUFFER, showBytes } from './cost.ts';
import { shellWord } from '../../shell-word.ts';

const TMPFS_MAGIC = 0x01021994;

/** Whether the rings can be reached and written, and whether there is room for them where corosync is to put them. */
export function checkSharedMemory(surroundings: Surroundings): Remark[] {
  const { files, sharedMemoryDirectory } = surroundings;
  const statfs = files.statfs(sharedMemoryDirectory);
  if (statfs === undefined || files.stat(sharedMemoryDirectory)?.isDirectory() !== true) {
    return [outOfReach(surroundings) ?? missing(sharedMemoryDirectory)];
  }
  const remarks = [checkSpace(surroundings, statfs), ...findLeftovers(surroundings)];
  if (!files.enterable(sharedMemoryDirectory)) remarks.unshift(closed(surroundings));
  remarks.unshift(...checkMount(surroundings, mountAt(files, placeOf(files, sharedMemoryDirectory))));
  if (statfs.type === TMPFS_MAGIC) return remarks;
  return [
    note('shm-no-tmpfs', `${sharedMemoryDirectory} is no tmpfs; is it really corosync's /dev/shm?`),
    ...remarks,
  ];
}

function missing(directory: string): Remark {
  const remedy = `mount a tmpfs on it, or name corosync's with --shm-directory`;
  return problem('shm-missing', `${directory} is not there`, remedy);
}

function outOfReach({ files, sharedMemoryDirectory: directory }: Surroundings): Remark | undefined {
  const closedOne = files.closedDirectory(directory);
  if (closedOne === undefined) return undefined;
  const remedy = directory.startsWith('/proc/')
    ? 'what is below /proc/PID/root is for root only: run it as root, or let corosync share its /dev/shm'
    : `let this user in: chmod o+x ${shellWord(closedOne)}`;
  return problem(
    'shm-out-of-reach',
    `${directory} cannot be reached: ${closedOne} is closed for this user`,
    remedy,
  );
}

/** It is there, but nothing in it can be opened. */
function closed({ files, sharedMemoryDirectory: directory }: Surroundings): Remark {
  const mode = ((files.stat(directory)?.mode ?? 0) & 0o7777).toString(8);
  const text = `${directory} is closed for this user (mode ${mode}): no file in it can be opened`;
  return problem('shm-out-of-reach', text, `as root: chmod 1777 ${shellWord(directory)}`);
}

function checkSpace(surroundings: Surroundings, statfs: StatsFs): Remark {
  const { sharedMemoryDirectory } = surroundings;
  const [size, free] = [statfs.blocks * statfs.bsize, statfs.bavail * statfs.bsize];
  const cost = connectionCost(surroundings);
  const has = `${sharedMemoryDirectory}: ${showBytes(size)}, ${showBytes(free)} free`;
  // A tmpfs without limits says 0 of everything.
  if (statfs.files > 0 && statfs.ffree < cost.inodes) {
    const remedy =
      'remove files that nobody uses, or, as root where corosync runs: mount -o remount,nr_inodes=0 /dev/shm';
    return problem('shm-no-inodes', `${has}, but no more files can be created`, remedy);
  }
  const text = `${has}; a connection takes ${showBytes(cost.bytes)}`;
  if (size === 0 || free >= cost.bytes) return ok(text);
  return problem('shm-full', text, spaceRemedy(surroundings, { size, free, pageSize: statfs.bsize }));
}

interface Space {
  readonly size: number;
  readonly free: number;
  readonly pageSize: number;
}

function spaceRemedy({ sharedMemoryDirectory, bufferSize }: Surroundings, space: Space): string {
  const larger = `${Math.max(256, Math.ceil((2 * space.size) / 2 ** 20))}m`;
  const least = costOfRings(LEAST_BUFFER, space.pageSize).bytes;
  const smaller = `a smaller connection: --buffer-size ${LEAST_BUFFER} (bufferSize in the library) takes ${showBytes(least)}`;
  return [
    `see what fills it: du -sh ${shellWord(sharedMemoryDirectory)}/* | sort -h`,
    `or make it larger: mount -o remount,size=${larger} /dev/shm where corosync runs, or docker run --shm-size=${larger}`,
    ...(bufferSize > LEAST_BUFFER && space.free >= least ? [`or ${smaller}`] : []),
  ].join(',\n');
}
