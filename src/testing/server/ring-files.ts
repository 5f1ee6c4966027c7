import fs from 'node:fs';
import { LITTLE_ENDIAN } from '../../codec/byte-order.ts';
import { RING_HEADER, RING_PATH_MAX, WORD_SIZE } from '../../codec/ring-layout.ts';

/** sizeof(struct qb_ringbuffer_shared_s) and the 4 bytes of user data that every ring of a connection has. */
const HEADER_FILE_SIZE = 8252;
/** In glibc's sem_t: that it is shared between processes. */
const SEMAPHORE_SHARED = { offset: 8216, value: 128 };
/** libqb's memset is followed by one stray store behind the ring, which the second mapping brings to its first word. */
const FIRST_WORD = 5;

export interface NewRing {
  /** Where the files go; `-header` and `-data` are appended. */
  readonly path: string;
  /** The name in the header: what the server calls the same file. Default: `path`. */
  readonly recordedPath?: string;
  readonly wordSize?: number;
  /** What the header states, if not the truth. */
  readonly statedWordSize?: number;
  readonly headerSize?: number;
  readonly dataSize?: number;
  readonly mode?: number;
}

/** Words of a ring for messages of that size: QB_RB_CHUNK_MARGIN + 1 more, rounded up to pages of 4096 bytes. */
export function ringWords(maxMessageSize: number): number {
  return (Math.ceil((maxMessageSize + 13) / 4096) * 4096) / WORD_SIZE;
}

/** The two files of a ring as qb_rb_open creates them, or, for tests, not quite. */
export function createRingFiles(ring: NewRing): void {
  const wordSize = ring.wordSize ?? 1024;
  const recorded = ring.recordedPath ?? ring.path;
  const header = Buffer.alloc(HEADER_FILE_SIZE);
  const view = new DataView(header.buffer, header.byteOffset);
  view.setUint32(RING_HEADER.wordSize, ring.statedWordSize ?? wordSize, LITTLE_ENDIAN);
  header.write(`${recorded}-header`, RING_HEADER.headerPath, RING_PATH_MAX - 1, 'latin1');
  header.write(`${recorded}-data`, RING_HEADER.dataPath, RING_PATH_MAX - 1, 'latin1');
  view.setInt32(RING_HEADER.referenceCount, 1, LITTLE_ENDIAN);
  view.setInt32(SEMAPHORE_SHARED.offset, SEMAPHORE_SHARED.value, LITTLE_ENDIAN);
  const mode = ring.mode ?? 0o600;
  create(`${ring.path}-header`, header.subarray(0, ring.headerSize ?? header.length), mode);
  const first = Buffer.alloc(WORD_SIZE);
  new DataView(first.buffer, first.byteOffset).setUint32(0, FIRST_WORD, LITTLE_ENDIAN);
  create(`${ring.path}-data`, first, mode, ring.dataSize ?? wordSize * WORD_SIZE);
}

function create(path: string, content: Buffer, mode: number, size = content.length): void {
  const fd = fs.openSync(path, 'w+', mode);
  try {
    fs.writeSync(fd, content, 0, Math.min(content.length, size));
    fs.ftruncateSync(fd, size);
  } finally {
    fs.closeSync(fd);
  }
}
