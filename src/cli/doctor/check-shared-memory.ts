import type { StatsFs } from 'node:fs';
import { note, ok, problem, type Remark } from './finding.ts';
import { findLeftovers } from './leftovers.ts';
import { INODES_OF_CONNECTION, bytesOfConnection, showBytes } from './shared-memory-cost.ts';
import type { Surroundings } from './surroundings.ts';

const TMPFS_MAGIC = 0x01021994;
const LEAST_BUFFER = 65_536;

/** Whether there is room for a connection where corosync is to put its rings. */
export function checkSharedMemory(surroundings: Surroundings): Remark[] {
  const { files, sharedMemoryDirectory } = surroundings;
  const statfs = files.statfs(sharedMemoryDirectory);
  if (statfs === undefined) {
    return [
      problem(
        `${sharedMemoryDirectory} is not there`,
        `mount a tmpfs on it, or name corosync's with --shm-directory`,
      ),
    ];
  }
  const remarks = [checkSpace(surroundings, statfs), ...findLeftovers(surroundings)];
  if (statfs.type === TMPFS_MAGIC) return remarks;
  return [note(`${sharedMemoryDirectory} is no tmpfs; is it really corosync's /dev/shm?`), ...remarks];
}

function checkSpace({ sharedMemoryDirectory, bufferSize }: Surroundings, statfs: StatsFs): Remark {
  const [size, free] = [statfs.blocks * statfs.bsize, statfs.bavail * statfs.bsize];
  const needed = bytesOfConnection(bufferSize, statfs.bsize);
  const has = `${sharedMemoryDirectory}: ${showBytes(size)}, ${showBytes(free)} free`;
  // A tmpfs without limits says 0 of everything.
  if (statfs.files > 0 && statfs.ffree < INODES_OF_CONNECTION) {
    return problem(
      `${has}, but no more files can be created`,
      'remove files that nobody uses, or remount it with more nr_inodes',
    );
  }
  const text = `${has}; a connection takes ${showBytes(needed)}`;
  return size === 0 || free >= needed ? ok(text) : problem(text, spaceRemedy(bufferSize, statfs.bsize));
}

/** @param pageSize of the machine; tmpfs calls it its block size. */
function spaceRemedy(bufferSize: number, pageSize: number): string {
  const larger = 'mount -o remount,size=256m /dev/shm where corosync runs, or docker run --shm-size=256m';
  if (bufferSize <= LEAST_BUFFER) return larger;
  const least = showBytes(bytesOfConnection(LEAST_BUFFER, pageSize));
  return `${larger},\nor a smaller connection: --buffer-size ${LEAST_BUFFER} (bufferSize in the library) takes ${least}`;
}
