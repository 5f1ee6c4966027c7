import type { StatsFs } from 'node:fs';
import { parseConf } from './corosync-conf.ts';
import { CONFIG_FILE } from './corosync-process.ts';
import { note, ok, problem, type Remark } from './finding.ts';
import { findLeftovers } from './leftovers.ts';
import { costOfDatagrams, costOfRings, showBytes } from './shared-memory-cost.ts';
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

function checkSpace(surroundings: Surroundings, statfs: StatsFs): Remark {
  const { sharedMemoryDirectory, bufferSize } = surroundings;
  const [size, free] = [statfs.blocks * statfs.bsize, statfs.bavail * statfs.bsize];
  // The block size of a tmpfs is the machine's page size.
  const cost = usesDatagrams(surroundings)
    ? costOfDatagrams(statfs.bsize)
    : costOfRings(bufferSize, statfs.bsize);
  const has = `${sharedMemoryDirectory}: ${showBytes(size)}, ${showBytes(free)} free`;
  // A tmpfs without limits says 0 of everything.
  if (statfs.files > 0 && statfs.ffree < cost.inodes) {
    const remedy = 'remove files that nobody uses, or remount it with more nr_inodes';
    return problem(`${has}, but no more files can be created`, remedy);
  }
  const text = `${has}; a connection takes ${showBytes(cost.bytes)}`;
  return size === 0 || free >= cost.bytes ? ok(text) : problem(text, spaceRemedy(bufferSize, statfs.bsize));
}

/** As far as the configuration can be read; shared memory is the default. */
function usesDatagrams({ files, corosync }: Surroundings): boolean {
  const conf = files.text(`${corosync?.root ?? ''}${corosync?.configFile ?? CONFIG_FILE}`) ?? '';
  return parseConf(conf).some(
    ({ section, key, value }) => section === 'system' && key === 'qb_ipc_type' && value === 'socket',
  );
}

function spaceRemedy(bufferSize: number, pageSize: number): string {
  const larger = 'mount -o remount,size=256m /dev/shm where corosync runs, or docker run --shm-size=256m';
  if (bufferSize <= LEAST_BUFFER) return larger;
  const least = showBytes(costOfRings(LEAST_BUFFER, pageSize).bytes);
  return `${larger},\nor a smaller connection: --buffer-size ${LEAST_BUFFER} (bufferSize in the library) takes ${least}`;
}
