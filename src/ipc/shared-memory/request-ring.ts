import { malformed } from '../../codec/malformed.ts';
import { MessageWriter } from '../../codec/message-writer.ts';
import type { AnyMessage, MessageTail, RequestMessage } from '../../codec/message.ts';
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
/** A tail of so many bytes is written from where it is: a write more costs less than to copy them. */
const TAIL_FROM = 48 * 1024;
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
  /** Bytes of all chunks that are staged. */
  #staged = 0;
  /** Bytes of our own memory that they take. */
  #held = 0;
  /** Ends of requests that stay where they are, each with how much of our memory comes before it. */
  #tails: { readonly bytes: Uint8Array; readonly before: number }[] = [];
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

  /**
   * Whether corosync has handled everything that was posted: it gives a request's place back after it has sent the answer (ipcs.c).
   * @throws CsError the ring says what cannot be
   */
  get handled(): boolean {
    return this.#readPosition() === this.#position;
  }

  /** How many bytes of the last post corosync has handled. @throws CsError the ring says what cannot be. */
  handledBytes(): number {
    // A post that failed half way: what corosync has handled was of the one before.
    if (this.#staged > 0) return 0;
    const readPosition = this.#readPosition();
    const start = this.#position - this.#posted;
    const handled = (readPosition - start + this.#ringBytes) % this.#ringBytes;
    if (handled > this.#posted)
      throw malformed(`read pointer ${readPosition / WORD_SIZE} lies outside what was posted`);
    return handled;
  }

  /** The most bytes that a request can have. */
  get largest(): number {
    return this.#capacity - CHUNK_HEADER_SIZE;
  }

  /** How many such requests one batch has room for. */
  mostTogether({ size }: RequestMessage<unknown>): number {
    return Math.floor(this.#batchCapacity / chunkBytes(size));
  }

  /** How many requests are staged. */
  get count(): number {
    return this.#count;
  }

  /** Encodes a request behind those already staged; false if it must wait for the next batch. */
  stage(message: AnyMessage): boolean {
    const end = this.#staged + chunkBytes(message.size);
    const most = this.#count === 0 || message.fillsRing === true ? this.#capacity : this.#batchCapacity;
    if (end > most) return false;
    this.#append(message, end);
    return true;
  }

  /** Publishes what is staged and returns how many requests that were: as many bytes are now due on the socket. */
  post(): number {
    const count = this.#count;
    let written = 0;
    for (const { bytes, before } of this.#tails) {
      this.#write(this.#stage.bytes, written, before - written);
      this.#write(bytes, 0, bytes.length);
      written = before;
    }
    this.#write(this.#stage.bytes, written, this.#held - written);
    this.#storage.writeHeader(RING_HEADER.writePointer, this.#position / WORD_SIZE);
    this.#storage.writeHeader(RING_HEADER.semaphore, count);
    this.#posted = this.#staged;
    this.#staged = 0;
    this.#held = 0;
    this.#tails = [];
    this.#count = 0;
    return count;
  }

  close(): void {
    this.#storage.close();
  }

  /** In bytes. */
  #readPosition(): number {
    const readPointer = this.#storage.readHeader(RING_HEADER.readPointer);
    if (readPointer >= this.#storage.wordSize)
      throw malformed(`read pointer ${readPointer} lies outside the ring`);
    return readPointer * WORD_SIZE;
  }

  #append(message: AnyMessage, end: number): void {
    const tail = tailOf(message);
    const held = end - this.#staged - (tail?.bytes.length ?? 0);
    if (this.#held + held > this.#stage.bytes.length) this.#grow(this.#held + held);
    const header = this.#stage.begin(this.#held, held);
    header.u32(0, message.size);
    header.u32(4, CHUNK_MAGIC);
    const body = this.#stage.at(this.#held + CHUNK_HEADER_SIZE);
    if (tail === undefined) message.encode(body);
    else {
      tail.encodeHead(body);
      // Our memory behind the head pads the chunk.
      this.#tails.push({ bytes: tail.bytes, before: this.#held + CHUNK_HEADER_SIZE + tail.headSize });
    }
    this.#held += held;
    this.#staged = end;
    this.#count += 1;
  }

  /** Behind what was written last; at most two writes, where the ring wraps. */
  #write(bytes: Uint8Array, from: number, length: number): void {
    const toEnd = Math.min(length, this.#ringBytes - this.#position);
    if (toEnd > 0) this.#storage.writeData(this.#position, bytes, from, toEnd);
    if (toEnd < length) this.#storage.writeData(0, bytes, from + toEnd, length - toEnd);
    this.#position = (this.#position + length) % this.#ringBytes;
  }

  #grow(needed: number): void {
    const ahead = needed <= MAX_BATCH_BYTES ? MAX_BATCH_BYTES : this.#capacity;
    const bytes = Buffer.alloc(Math.max(needed, Math.min(this.#stage.bytes.length * 4, ahead)));
    this.#stage.bytes.copy(bytes, 0, 0, this.#held);
    this.#stage = new MessageWriter(bytes);
  }
}

/** The end of a request that is not copied, if it has one. The memory behind it may have been resized meanwhile: then all is encoded. */
function tailOf({ tail, size }: AnyMessage): MessageTail | undefined {
  if (tail === undefined || tail.bytes.length < TAIL_FROM) return undefined;
  return tail.bytes.length === size - tail.headSize ? tail : undefined;
}
