import { malformed } from '../../codec/malformed.ts';
import { MessageWriter } from '../../codec/message-writer.ts';
import type { RequestMessage } from '../../codec/message.ts';
import {
  CHUNK_HEADER_SIZE,
  CHUNK_MAGIC,
  CHUNK_MARGIN,
  RING_HEADER,
  WORD_SIZE,
  chunkBytes,
} from '../../codec/ring-layout.ts';
import type { RingStorage } from './ring-storage.ts';

const FIRST_STAGE = 8 * 1024;
const MAX_STAGE = 256 * 1024;

/**
 * The ring we write and corosync reads. Chunks are staged in our own memory and posted together.
 *
 * A post is only allowed while no request is outstanding: then the server does not touch the semaphore (it is 0),
 * so that the absolute count can be written, and the whole ring is free. The order is a contract with libqb's
 * server: chunks, write pointer, semaphore; the caller then writes the bytes to the socket, in the same turn.
 */
export class RequestRing {
  readonly #storage: RingStorage;
  readonly #ringBytes: number;
  readonly #capacity: number;
  readonly #batchCapacity: number;
  #stage = new MessageWriter(Buffer.alloc(FIRST_STAGE));
  #staged = 0;
  #count = 0;
  #position: number;

  constructor(storage: RingStorage) {
    const writePointer = storage.readHeader(RING_HEADER.writePointer);
    if (writePointer >= storage.wordSize)
      throw malformed(`write pointer ${writePointer} lies outside the ring`);
    this.#storage = storage;
    this.#ringBytes = storage.wordSize * WORD_SIZE;
    // libqb keeps one word and its margin free; a full ring would look like an empty one.
    const margin = WORD_SIZE + CHUNK_MARGIN;
    this.#capacity = Math.min(this.#ringBytes - margin, MAX_STAGE);
    // Half a ring a batch, so that a request is still there when the next batch is handled: corosync's iterators look
    // at their prefix that late.
    this.#batchCapacity = Math.min(Math.floor(this.#ringBytes / 2) - margin, MAX_STAGE);
    this.#position = writePointer * WORD_SIZE;
  }

  /** 0: go. Anything else: the server does not read requests for now, and a byte would only make it spin. */
  flowControl(): number {
    return this.#storage.readHeader(RING_HEADER.flowControl);
  }

  /** Whether corosync has handled everything that was posted: it gives a request's place back after it has sent the answer (ipcs.c). */
  get handled(): boolean {
    return this.#storage.readHeader(RING_HEADER.readPointer) === this.#position / WORD_SIZE;
  }

  /** How many requests are staged. */
  get count(): number {
    return this.#count;
  }

  /** Encodes a request behind those already staged; false if it must wait for the next batch. */
  stage(message: RequestMessage<unknown>): boolean {
    const end = this.#staged + chunkBytes(message.size);
    if (end > (this.#count === 0 ? this.#capacity : this.#batchCapacity)) return false;
    if (end > this.#stage.bytes.length) this.#grow(end);
    const header = this.#stage.begin(this.#staged, end - this.#staged);
    header.u32(0, message.size);
    header.u32(4, CHUNK_MAGIC);
    message.encode(this.#stage.at(this.#staged + CHUNK_HEADER_SIZE));
    this.#staged = end;
    this.#count += 1;
    return true;
  }

  /** Publishes what is staged and returns how many requests that were: as many bytes are now due on the socket. */
  post(): number {
    const count = this.#count;
    const toEnd = Math.min(this.#staged, this.#ringBytes - this.#position);
    this.#storage.writeData(this.#position, this.#stage.bytes, 0, toEnd);
    if (toEnd < this.#staged) this.#storage.writeData(0, this.#stage.bytes, toEnd, this.#staged - toEnd);
    this.#position = (this.#position + this.#staged) % this.#ringBytes;
    this.#storage.writeHeader(RING_HEADER.writePointer, this.#position / WORD_SIZE);
    this.#storage.writeHeader(RING_HEADER.semaphore, count);
    this.#staged = 0;
    this.#count = 0;
    return count;
  }

  close(): void {
    this.#storage.close();
  }

  #grow(needed: number): void {
    const bytes = Buffer.alloc(Math.min(Math.max(needed, this.#stage.bytes.length * 4), MAX_STAGE));
    this.#stage.bytes.copy(bytes, 0, 0, this.#staged);
    this.#stage = new MessageWriter(bytes);
  }
}
