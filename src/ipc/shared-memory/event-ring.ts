import { malformed } from '../../codec/malformed.ts';
import type { MessageReader } from '../../codec/message-reader.ts';
import { RING_HEADER, WORD_SIZE } from '../../codec/ring-layout.ts';
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

  constructor(storage: RingStorage) {
    this.#storage = storage;
    this.#pace = new EventPace(storage.wordSize * WORD_SIZE);
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
    return this.#pace.restAfter(count, bytes, available - bytes, now);
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
