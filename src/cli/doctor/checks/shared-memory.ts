import type { StatsFs } from 'node:fs';
import { parseConf } from '../configuration/corosync-conf.ts';
import { CONFIG_FILE } from '../system/corosync-process.ts';
import { note, ok, problem, type Remark } from '../finding.ts';
import { findLeftovers } from './leftovers.ts';
import { costOfDatagrams, costOfRings, showBytes } from './shared-memory-cost.ts';
import type { Surroundings } from '../surroundings.ts';

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
  if (size === 0 || free >= cost.bytes) return ok(text);
  return problem(text, spaceRemedy(surroundings, { size, free, pageSize: statfs.bsize }));
}

/** As far as the configuration can be read; shared memory is the default. */
function usesDatagrams({ files, corosync }: Surroundings): boolean {
  const conf = files.text(`${corosync?.root ?? ''}${corosync?.configFile ?? CONFIG_FILE}`) ?? '';
  return parseConf(conf).some(
    ({ section, key, value }) => section === 'system' && key === 'qb_ipc_type' && value === 'socket',
  );
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
    `see what fills it: du -sh ${sharedMemoryDirectory}/* | sort -h`,
    `or make it larger: mount -o remount,size=${larger} /dev/shm where corosync runs, or docker run --shm-size=${larger}`,
    ...(bufferSize > LEAST_BUFFER && space.free >= least ? [`or ${smaller}`] : []),
  ].join(',\n');
}
