import { LITTLE_ENDIAN } from './byte-order.ts';

/*
 * struct qb_ringbuffer_shared_s, the file `P-header` (libqb ringbuffer_int.h; pointers count 4-byte words)
 *    0  u32  write_pt
 *    4  u32  read_pt
 *    8  u32  word_size        words in the data file
 *   12  char hdr_path[4096]
 * 4108  char data_path[4096]
 * 8204  i32  ref_count       1 when the server has made it, one more when a client has opened it
 * 8208  sem_t posix_sem       64-bit glibc keeps the value in the low half of the first 8 bytes, musl on little-endian
 *                            machines too (big-endian was not run); who waits is counted in the other half
 * 8240  i32  user_data        request ring: flow control
 */
export const RING_HEADER = {
  writePointer: 0,
  readPointer: 4,
  wordSize: 8,
  headerPath: 12,
  dataPath: 4108,
  referenceCount: 8204,
  semaphore: LITTLE_ENDIAN ? 8208 : 8212,
  semaphoreWaiters: LITTLE_ENDIAN ? 8212 : 8208,
  flowControl: 8240,
  /** The least a header file can have (libqb maps 8252 for rings with user data). */
  size: 8244,
} as const;
export const RING_PATH_MAX = 4096;

/*
 * A chunk in the data file, which is used as a circle of words:
 *    0  u32  length of the data in bytes
 *    4  u32  magic
 *    8  data, padded to a word
 */
export const CHUNK_HEADER_SIZE = 8;
export const CHUNK_MAGIC = 0xa1a1a1a1;
/** Bytes that libqb wants free beyond a chunk's data before it accepts it (QB_RB_CHUNK_MARGIN). */
export const CHUNK_MARGIN = 12;
export const WORD_SIZE = 4;

/** Words that a chunk with `length` bytes of data takes, header included. */
export function chunkWords(length: number): number {
  return CHUNK_HEADER_SIZE / WORD_SIZE + Math.ceil(length / WORD_SIZE);
}

export function chunkBytes(length: number): number {
  return chunkWords(length) * WORD_SIZE;
}
