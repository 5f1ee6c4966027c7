import { malformed } from '../../codec/malformed.ts';
import { MessageWriter } from '../../codec/message-writer.ts';
import type { AnyMessage, RequestMessage } from '../../codec/message.ts';
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
/** What a batch takes at most, unless one message alone takes more or is made for it: it bounds memory and the time of others. */
const MAX_BATCH_BYTES = 256 * 1024;

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
  /** Bytes of the last post, which ends at `#position`. */
  #posted = 0;
  #position: number;

  constructor(storage: RingStorage) {
    const writePointer = storage.readHeader(RING_HEADER.writePointer);
    if (writePointer >= storage.wordSize)
      throw malformed(`write pointer ${writePointer} lies outside the ring`);
    this.#storage = storage;
    this.#ringBytes = storage.wordSize * WORD_SIZE;
    // libqb keeps one word and its margin free; a full ring would look like an empty one.
    const margin = WORD_SIZE + CHUNK_MARGIN;
    this.#capacity = this.#ringBytes - margin;
    // Half a ring a batch, so that a request is still there when the next batch is handled: corosync's iterators look
    // at their prefix that late.
    this.#batchCapacity = Math.min(Math.floor(this.#ringBytes / 2) - margin, MAX_BATCH_BYTES);
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

  /** How many bytes of the last post corosync has handled. @throws CsError the ring says what cannot be. */
  handledBytes(): number {
    const readPosition = this.#storage.readHeader(RING_HEADER.readPointer) * WORD_SIZE;
    const start = this.#position - this.#posted;
    const handled = (readPosition - start + this.#ringBytes) % this.#ringBytes;
    if (readPosition >= this.#ringBytes || handled > this.#posted)
      throw malformed(`read pointer ${readPosition / WORD_SIZE} lies outside what was posted`);
    return handled;
  }

  /** The most bytes that a request of this kind can have. */
  largest(message: AnyMessage): number {
    return this.#capacity - CHUNK_HEADER_SIZE - reserveFor(message);
  }

  /** How many such requests one batch has room for. */
  mostTogether({ size }: RequestMessage<unknown>): number {
    return Math.floor(this.#batchCapacity / chunkBytes(size));
  }

  /** How many requests are staged. */
  get count(): number {
    return this.#count;
  }

  /**
   * Encodes a request behind those already staged; false if it must wait for the next batch. One that is never answered leaves room for
   * its barrier.
   */
  stage(message: AnyMessage): boolean {
    const end = this.#staged + chunkBytes(message.size);
    const most = this.#count === 0 || message.fillsRing === true ? this.#capacity : this.#batchCapacity;
    if (end + reserveFor(message) > most) return false;
    this.#append(message, end);
    return true;
  }

  /** The barrier behind a request that has left room for it. */
  stageBarrier(barrier: RequestMessage<unknown>): void {
    const end = this.#staged + chunkBytes(barrier.size);
    if (end > this.#capacity) throw malformed('a barrier does not fit the ring');
    this.#append(barrier, end);
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
    this.#posted = this.#staged;
    this.#staged = 0;
    this.#count = 0;
    return count;
  }

  close(): void {
    this.#storage.close();
  }

  #append(message: AnyMessage, end: number): void {
    if (end > this.#stage.bytes.length) this.#grow(end);
    const header = this.#stage.begin(this.#staged, end - this.#staged);
    header.u32(0, message.size);
    header.u32(4, CHUNK_MAGIC);
    message.encode(this.#stage.at(this.#staged + CHUNK_HEADER_SIZE));
    this.#staged = end;
    this.#count += 1;
  }

  #grow(needed: number): void {
    const ahead = needed <= MAX_BATCH_BYTES ? MAX_BATCH_BYTES : this.#capacity;
    const bytes = Buffer.alloc(Math.max(needed, Math.min(this.#stage.bytes.length * 4, ahead)));
    this.#stage.bytes.copy(bytes, 0, 0, this.#staged);
    this.#stage = new MessageWriter(bytes);
  }
}

/** Bytes that must stay free behind a request. */
function reserveFor(message: AnyMessage): number {
  return message.answer === 'never' ? chunkBytes(message.barrier.size) : 0;
}
