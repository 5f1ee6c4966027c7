const RINGS = 3;
/** QB_RB_CHUNK_MARGIN, and one byte between the pointers. */
const RING_MARGIN = 13;
/** struct qb_ringbuffer_shared_s with the user data of rings of connections. */
const RING_HEADER_BYTES = 8252;

/** A header and a data file for each ring, in a directory. */
export const INODES_OF_CONNECTION = 2 * RINGS + 1;

/** Bytes of shared memory that a connection takes. */
export function bytesOfConnection(bufferSize: number, pageSize: number): number {
  return RINGS * (roundUp(bufferSize + RING_MARGIN, pageSize) + roundUp(RING_HEADER_BYTES, pageSize));
}

function roundUp(bytes: number, pageSize: number): number {
  return Math.ceil(bytes / pageSize) * pageSize;
}

export function showBytes(bytes: number): string {
  const mebibytes = bytes / 2 ** 20;
  return `${mebibytes.toFixed(mebibytes < 100 ? 1 : 0)} MiB`;
}
