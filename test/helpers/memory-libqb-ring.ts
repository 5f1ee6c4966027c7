import {
  CHUNK_HEADER_SIZE,
  CHUNK_MAGIC,
  CHUNK_MARGIN,
  RING_HEADER,
  WORD_SIZE,
} from '../../src/codec/ring-layout.ts';
import type { RingStorage } from '../../src/ipc/ring-storage.ts';

export const MAGIC_DEAD = 0xd0d0d0d0;

/** The server's side of a ring, as libqb's ringbuffer.c works on it (not as our client sees it). */
export class LibqbRing {
  readonly storage: RingStorage;
  readonly #bytes: number;

  constructor(storage: RingStorage) {
    this.storage = storage;
    this.#bytes = storage.wordSize * WORD_SIZE;
  }

  get semaphore(): number {
    return this.storage.readHeader(RING_HEADER.semaphore);
  }

  /** qb_rb_space_free: equal pointers mean full or empty, and only the semaphore tells which. */
  spaceFree(): number {
    const write = this.storage.readHeader(RING_HEADER.writePointer);
    const read = this.storage.readHeader(RING_HEADER.readPointer);
    if (write === read) return this.semaphore > 0 ? 0 : this.#bytes;
    return ((read - write + this.storage.wordSize) % this.storage.wordSize) * WORD_SIZE - WORD_SIZE;
  }

  /** qb_rb_chunk_alloc, qb_rb_chunk_commit: false if the chunk does not fit. */
  write(data: Uint8Array): boolean {
    if (!this.commit(data)) return false;
    this.post();
    return true;
  }

  /** A chunk whose post is still to come: the client may look between the two. */
  commit(data: Uint8Array): boolean {
    if (this.spaceFree() < data.length + CHUNK_MARGIN) return false;
    const write = this.storage.readHeader(RING_HEADER.writePointer);
    const chunk = Buffer.alloc(CHUNK_HEADER_SIZE + data.length);
    chunk.writeUInt32LE(data.length, 0);
    chunk.writeUInt32LE(CHUNK_MAGIC, 4);
    chunk.set(data, CHUNK_HEADER_SIZE);
    this.put(write * WORD_SIZE, chunk);
    this.storage.writeHeader(RING_HEADER.writePointer, this.#step(write, data.length));
    return true;
  }

  post(): void {
    this.storage.writeHeader(RING_HEADER.semaphore, this.semaphore + 1);
  }

  /** qb_rb_chunk_peek, qb_rb_chunk_reclaim: takes the semaphore down and the next chunk out. */
  take(): Buffer {
    if (this.semaphore === 0) throw new Error('the server would wait for a semaphore that nobody posts');
    this.storage.writeHeader(RING_HEADER.semaphore, this.semaphore - 1);
    const read = this.storage.readHeader(RING_HEADER.readPointer);
    const header = this.get(read * WORD_SIZE, CHUNK_HEADER_SIZE);
    const magic = header.readUInt32LE(4);
    if (magic !== CHUNK_MAGIC) throw new Error(`the server finds magic 0x${magic.toString(16)}: Bad message`);
    const length = header.readUInt32LE(0);
    const data = this.get((read * WORD_SIZE + CHUNK_HEADER_SIZE) % this.#bytes, length);
    header.writeUInt32LE(0, 0);
    header.writeUInt32LE(MAGIC_DEAD, 4);
    this.put(read * WORD_SIZE, header);
    this.storage.writeHeader(RING_HEADER.readPointer, this.#step(read, length));
    return data;
  }

  /** Bytes from `offset`, around the end. */
  get(offset: number, length: number): Buffer {
    const data = Buffer.alloc(length);
    const toEnd = Math.min(length, this.#bytes - offset);
    if (toEnd > 0) this.storage.readData(offset, data, 0, toEnd);
    if (length > toEnd) this.storage.readData(0, data, toEnd, length - toEnd);
    return data;
  }

  put(offset: number, data: Buffer): void {
    const toEnd = Math.min(data.length, this.#bytes - offset);
    this.storage.writeData(offset, data, 0, toEnd);
    if (data.length > toEnd) this.storage.writeData(0, data, toEnd, data.length - toEnd);
  }

  /** qb_rb_chunk_step */
  #step(pointer: number, length: number): number {
    return (
      (pointer + 2 + Math.floor(length / WORD_SIZE) + (length % WORD_SIZE ? 1 : 0)) % this.storage.wordSize
    );
  }
}
