import { usesDatagrams } from '../../configuration/main-conf.ts';
import type { Surroundings } from '../../surroundings.ts';

const RINGS = 3;
/** QB_RB_CHUNK_MARGIN, and one byte between the pointers. */
const RING_MARGIN = 13;
/** struct qb_ringbuffer_shared_s with the user data of rings of connections. */
const RING_HEADER_BYTES = 8252;
const USUAL_PAGE = 4096;

/** The smallest buffer that a client of this library asks for, in bytes. */
export const LEAST_BUFFER = 65_536;

/** What a connection takes of shared memory. */
export interface Cost {
  readonly bytes: number;
  readonly largestFile: number;
  /** What corosync maps of it: the data of a ring twice, side by side. */
  readonly mapped: number;
  /** Files and directories. */
  readonly inodes: number;
}

/** A header and a data file for each ring, in a directory. */
export function costOfRings(bufferSize: number, pageSize: number): Cost {
  const data = roundUp(bufferSize + RING_MARGIN, pageSize);
  const header = roundUp(RING_HEADER_BYTES, pageSize);
  return {
    bytes: RINGS * (data + header),
    largestFile: data,
    mapped: RINGS * (2 * data + header),
    inodes: 2 * RINGS + 1,
  };
}

/** Over datagram sockets it is one small file, in a directory. */
function costOfDatagrams(pageSize: number): Cost {
  return { bytes: pageSize, largestFile: pageSize, mapped: pageSize, inodes: 2 };
}

/** As far as the configuration can be read. */
export function connectionCost(surroundings: Surroundings): Cost {
  // The block size of a tmpfs is the machine's page size.
  const { bsize = USUAL_PAGE } = surroundings.files.statfs(surroundings.sharedMemoryDirectory) ?? {};
  return usesDatagrams(surroundings) ? costOfDatagrams(bsize) : costOfRings(surroundings.bufferSize, bsize);
}

function roundUp(bytes: number, pageSize: number): number {
  return Math.ceil(bytes / pageSize) * pageSize;
}

export function showBytes(bytes: number): string {
  const mebibytes = bytes / 2 ** 20;
  if (mebibytes < 1) return `${Math.ceil(bytes / 1024)} KiB`;
  return `${mebibytes.toFixed(mebibytes < 100 ? 1 : 0)} MiB`;
}
