import { LITTLE_ENDIAN } from '../../codec/byte-order.ts';
import {
  CHUNK_HEADER_SIZE,
  CHUNK_MAGIC,
  CHUNK_MARGIN,
  RING_HEADER,
  WORD_SIZE,
  chunkWords,
} from '../../codec/ring-layout.ts';
import type { RingStorage } from '../../ipc/shared-memory/ring-storage.ts';

const MAGIC_ALLOCATED = 0xa110ced0;
const MAGIC_DEAD = 0xd0d0d0d0;

/** What a chunk's header says, if not the truth. */
export interface ChunkLies {
  readonly length?: number | undefined;
  readonly magic?: number | undefined;
}

/** The other side broke the ring; libqb's server logs "Bad message" and disconnects. */
export class BadMessage extends Error {}

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

  /** Whether all that was written has been taken. */
  get empty(): boolean {
    const [write, read] = [RING_HEADER.writePointer, RING_HEADER.readPointer];
    return this.semaphore === 0 && this.storage.readHeader(write) === this.storage.readHeader(read);
  }

  /** qb_rb_space_free: equal pointers mean full or empty, and only the semaphore tells which. */
  spaceFree(): number {
    const write = this.storage.readHeader(RING_HEADER.writePointer);
    const read = this.storage.readHeader(RING_HEADER.readPointer);
    if (write === read) return this.semaphore > 0 ? 0 : this.#bytes;
    return ((read - write + this.storage.wordSize) % this.storage.wordSize) * WORD_SIZE - WORD_SIZE;
  }

  /** qb_rb_chunk_alloc, qb_rb_chunk_commit: false if the chunk does not fit. */
  write(data: Uint8Array, lies?: ChunkLies): boolean {
    if (!this.commit(data, lies)) return false;
    this.post();
    return true;
  }

  /**
   * A chunk whose post is still to come: the client may look between the two, and before. It counts as a chunk only when the write pointer is
   * behind it.
   */
  commit(data: Uint8Array, lies: ChunkLies = {}): boolean {
    if (this.spaceFree() < data.length + CHUNK_MARGIN) return false;
    const write = this.storage.readHeader(RING_HEADER.writePointer);
    const chunk = Buffer.alloc(CHUNK_HEADER_SIZE + data.length);
    setChunkHeader(chunk, lies.length ?? data.length, MAGIC_ALLOCATED);
    chunk.set(data, CHUNK_HEADER_SIZE);
    this.put(write * WORD_SIZE, chunk);
    this.storage.writeHeader(RING_HEADER.writePointer, this.#step(write, data.length));
    this.#putWord(write + 1, lies.magic ?? CHUNK_MAGIC);
    return true;
  }

  post(): void {
    this.storage.writeHeader(RING_HEADER.semaphore, this.semaphore + 1);
  }

  /** qb_rb_chunk_peek: takes the semaphore down and looks at the next chunk. */
  peek(): Buffer {
    if (this.semaphore === 0) throw new Error('the server would wait for a semaphore that nobody posts');
    this.storage.writeHeader(RING_HEADER.semaphore, this.semaphore - 1);
    const read = this.#readPointer();
    const { length, magic } = chunkHeader(this.get(read * WORD_SIZE, CHUNK_HEADER_SIZE));
    if (magic !== CHUNK_MAGIC)
      throw new BadMessage(`the server finds magic 0x${magic.toString(16)}: Bad message`);
    if (length === 0 || length > this.#bytes)
      throw new BadMessage(`the server finds a chunk of ${length} bytes`);
    return this.get((read * WORD_SIZE + CHUNK_HEADER_SIZE) % this.#bytes, length);
  }

  /** Reads, at any later time, the place of the chunk that was looked at, which may hold another by then. */
  reread(length: number): () => Buffer {
    const start = (this.#readPointer() * WORD_SIZE + CHUNK_HEADER_SIZE) % this.#bytes;
    return () => this.get(start, length);
  }

  /**
   * qb_rb_chunk_reclaim: gives the chunk that was looked at back, which libqb's server does after it has answered. The mark comes first: a client that waits for the
   * place fills it at once.
   */
  reclaim(length: number): void {
    const read = this.#readPointer();
    const header = Buffer.alloc(CHUNK_HEADER_SIZE);
    setChunkHeader(header, 0, MAGIC_DEAD);
    this.put(read * WORD_SIZE, header);
    this.storage.writeHeader(RING_HEADER.readPointer, this.#step(read, length));
  }

  /** qb_rb_close: this side has it open no more. */
  release(): void {
    const count = this.storage.readHeader(RING_HEADER.referenceCount);
    this.storage.writeHeader(RING_HEADER.referenceCount, count - 1);
  }

  take(): Buffer {
    const data = this.peek();
    this.reclaim(data.length);
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

  #putWord(at: number, value: number): void {
    const word = Buffer.alloc(WORD_SIZE);
    new DataView(word.buffer, word.byteOffset).setUint32(0, value, LITTLE_ENDIAN);
    this.put((at % this.storage.wordSize) * WORD_SIZE, word);
  }

  #readPointer(): number {
    const read = this.storage.readHeader(RING_HEADER.readPointer);
    if (read < this.storage.wordSize) return read;
    throw new BadMessage(`the server finds read pointer ${read} outside the ring`);
  }

  /** qb_rb_chunk_step */
  #step(pointer: number, length: number): number {
    return (pointer + chunkWords(length)) % this.storage.wordSize;
  }
}

function setChunkHeader(chunk: Buffer, length: number, magic: number): void {
  const view = new DataView(chunk.buffer, chunk.byteOffset, CHUNK_HEADER_SIZE);
  view.setUint32(0, length, LITTLE_ENDIAN);
  view.setUint32(WORD_SIZE, magic, LITTLE_ENDIAN);
}

function chunkHeader(chunk: Buffer): { length: number; magic: number } {
  const view = new DataView(chunk.buffer, chunk.byteOffset, CHUNK_HEADER_SIZE);
  return { length: view.getUint32(0, LITTLE_ENDIAN), magic: view.getUint32(WORD_SIZE, LITTLE_ENDIAN) };
}
