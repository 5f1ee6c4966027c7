import { malformed } from '../../codec/malformed.ts';
import type { MessageReader } from '../../codec/message-reader.ts';
import { CHUNK_MARGIN, RING_HEADER, WORD_SIZE, chunkBytes } from '../../codec/ring-layout.ts';
import { ChunkReader } from './chunk-reader.ts';
import { EventPace } from './event-pace.ts';
import type { RingStorage } from './ring-storage.ts';

/**
 * The ring in which corosync sends notifications. For each it writes the chunk, posts the semaphore and sends one byte on
 * the socket. Exactly as many chunks are taken as bytes have come: a byte says that its chunk's post has happened,
 * and a post that came after our reset would leave a count of 1 on an empty ring, which reads "full" for ever.
 *
 * What does not fit piles up in corosync's own heap, without bound: so drain soon (EventPace), always, into our memory.
 */
export class EventRing {
  readonly #storage: RingStorage;
  readonly #chunks: ChunkReader;
  readonly #pace: EventPace;
  readonly #ringBytes: number;
  #taken = 0;
  #lastTaken = 0;
  #held = 0;
  #left = 0;

  constructor(storage: RingStorage) {
    this.#storage = storage;
    this.#ringBytes = storage.wordSize * WORD_SIZE;
    this.#pace = new EventPace(this.#ringBytes);
    this.#chunks = new ChunkReader(storage, storage.readHeader(RING_HEADER.readPointer));
  }

  /**
   * Takes `count` chunks. Semaphore first, then read_pt, as in the response ring.
   * Returns the milliseconds until the next drain is worth it.
   */
  drain(count: number, deliver: (message: MessageReader) => void): number {
    const now = performance.now();
    const available = this.#available();
    const bytes = this.#chunks.read(count, available, deliver);
    this.#storage.writeHeader(RING_HEADER.semaphore, 0);
    this.#storage.writeHeader(RING_HEADER.readPointer, this.#chunks.readPointer);
    this.#held = available;
    this.#left = available - bytes;
    this.#lastTaken = bytes;
    this.#taken += bytes;
    return this.#pace.restAfter(count, bytes, this.#left, now);
  }

  /** Bytes in the ring before the last drain. */
  get held(): number {
    return this.#held;
  }

  /** Bytes in the ring after the last drain, as seen before it: not announced yet. */
  get left(): number {
    return this.#left;
  }

  /** Bytes of all chunks that have been taken. */
  get taken(): number {
    return this.#taken;
  }

  /** Bytes of all chunks that corosync has written until now. */
  written(): number {
    return this.#taken + this.#available();
  }

  /** Bytes that the last drain took: until its end corosync did not see that there was room again. */
  get lastTaken(): number {
    return this.#lastTaken;
  }

  /**
   * While the ring holds less than this, every event finds room. An event as large as the ring needs all of it: where such can be, it is
   * half the ring, and what is concluded from it is likely, but not sure.
   */
  roomFor(largestEvent: number): number {
    return Math.max(
      this.#ringBytes - WORD_SIZE - chunkBytes(largestEvent) - CHUNK_MARGIN,
      this.#ringBytes / 2,
    );
  }

  /**
   * Takes what the server wrote before it went away, announced or not: nothing is posted any more. The last chunk may be
   * one that it did not finish; whatever the ring ends with, the connection is over.
   */
  drainRest(deliver: (message: MessageReader) => void): void {
    try {
      this.#chunks.read(Infinity, this.#available(), deliver);
    } catch {
      // The end of what is there.
    }
  }

  close(): void {
    this.#storage.close();
  }

  /** Bytes between the read pointer and the server's write pointer. */
  #available(): number {
    const { wordSize } = this.#storage;
    const writePointer = this.#storage.readHeader(RING_HEADER.writePointer);
    if (writePointer >= wordSize) throw malformed(`write pointer ${writePointer} lies outside the ring`);
    return ((writePointer - this.#chunks.readPointer + wordSize) % wordSize) * WORD_SIZE;
  }
}
