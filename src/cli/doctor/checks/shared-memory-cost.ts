const RINGS = 3;
/** QB_RB_CHUNK_MARGIN, and one byte between the pointers. */
const RING_MARGIN = 13;
/** struct qb_ringbuffer_shared_s with the user data of rings of connections. */
const RING_HEADER_BYTES = 8252;

/** What a connection takes of shared memory. */
export interface Cost {
  readonly bytes: number;
  /** Files and directories. */
  readonly inodes: number;
}

/** A header and a data file for each ring, in a directory. */
export function costOfRings(bufferSize: number, pageSize: number): Cost {
  return { bytes: bytesOfRings(bufferSize, pageSize), inodes: 2 * RINGS + 1 };
}

/** Over datagram sockets it is one small file, in a directory. */
export function costOfDatagrams(pageSize: number): Cost {
  return { bytes: pageSize, inodes: 2 };
}

function bytesOfRings(bufferSize: number, pageSize: number): number {
  return RINGS * (roundUp(bufferSize + RING_MARGIN, pageSize) + roundUp(RING_HEADER_BYTES, pageSize));
}

function roundUp(bytes: number, pageSize: number): number {
  return Math.ceil(bytes / pageSize) * pageSize;
}

export function showBytes(bytes: number): string {
  const mebibytes = bytes / 2 ** 20;
  if (mebibytes < 1) return `${Math.ceil(bytes / 1024)} KiB`;
  return `${mebibytes.toFixed(mebibytes < 100 ? 1 : 0)} MiB`;
}
