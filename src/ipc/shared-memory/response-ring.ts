import { malformed } from '../../codec/malformed.ts';
import type { MessageReader } from '../../codec/message-reader.ts';
import type { RequestMessage } from '../../codec/message.ts';
import {
  CHUNK_HEADER_SIZE,
  CHUNK_MARGIN,
  RING_HEADER,
  WORD_SIZE,
  chunkBytes,
} from '../../codec/ring-layout.ts';
import { ChunkReader } from './chunk-reader.ts';
import type { RingStorage } from './ring-storage.ts';

/**
 * The ring in which corosync answers. There is no wake-up for answers: its semaphore is polled, which the server
 * posts last, so that a value of k says that k answers are complete.
 *
 * While requests are outstanding read_pt stays where it is: were it to meet write_pt with the semaphore above 0, the server
 * would take the ring for full and drop the next answer without a word. So answers are read with a pointer of
 * our own, and both words are reset only between batches, and only when room runs short: each reset costs two writes.
 */
export class ResponseRing {
  readonly #storage: RingStorage;
  readonly #chunks: ChunkReader;
  readonly #capacity: number;
  /** Bytes and answers read since the last reset: still in the ring as the server sees it. */
  #usedBytes = 0;
  #usedCount = 0;

  constructor(storage: RingStorage) {
    this.#storage = storage;
    this.#chunks = new ChunkReader(storage, storage.readHeader(RING_HEADER.readPointer));
    this.#capacity = storage.wordSize * WORD_SIZE - WORD_SIZE - CHUNK_MARGIN;
    if (storage.readHeader(RING_HEADER.semaphore) !== 0) throw malformed('new response ring is not empty');
  }

  /** The most bytes that an answer can have. */
  get largest(): number {
    return this.#capacity - CHUNK_HEADER_SIZE;
  }

  /** How many answers to such requests there is room for. */
  mostTogether({ maxResponseSize }: RequestMessage<unknown>): number {
    return Math.floor(this.#capacity / chunkBytes(maxResponseSize));
  }

  /**
   * Bytes free for a batch's answers. Only between batches: takes back what was read if that leaves less
   * than half, or less than `least`.
   */
  room(least = 0): number {
    const free = this.#capacity - this.#usedBytes;
    if (this.#usedBytes > 0 && (free < this.#capacity / 2 || free < least)) this.#reset();
    return this.#capacity - this.#usedBytes;
  }

  /** How many of the `outstanding` answers are complete. */
  completed(outstanding: number): number {
    const value = this.#storage.readHeader(RING_HEADER.semaphore) - this.#usedCount;
    if (value < 0 || value > outstanding) throw malformed(`${value} answers to ${outstanding} requests`);
    return value;
  }

  /** Delivers `count` complete answers that together take at most `maxBytes` of the ring. */
  read(count: number, maxBytes: number, deliver: (message: MessageReader) => void): void {
    this.#usedBytes += this.#chunks.read(count, maxBytes, deliver);
    this.#usedCount += count;
  }

  close(): void {
    this.#storage.close();
  }

  /** Semaphore first: with the pointers equal, a count above 0 means "full" to the server. */
  #reset(): void {
    this.#storage.writeHeader(RING_HEADER.semaphore, 0);
    this.#storage.writeHeader(RING_HEADER.readPointer, this.#chunks.readPointer);
    this.#usedBytes = 0;
    this.#usedCount = 0;
  }
}
