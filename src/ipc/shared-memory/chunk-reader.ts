import { LITTLE_ENDIAN } from '../../codec/byte-order.ts';
import { malformed } from '../../codec/malformed.ts';
import { MessageReader } from '../../codec/message-reader.ts';
import { CHUNK_HEADER_SIZE, CHUNK_MAGIC, WORD_SIZE, chunkBytes } from '../../codec/ring-layout.ts';
import { RESPONSE_HEADER_SIZE } from '../../codec/header.ts';
import type { RingStorage } from './ring-storage.ts';

const FIRST_WINDOW = 16 * 1024;
/** What is read at a time at most, unless one chunk alone takes more. */
const MAX_WINDOW = 256 * 1024;

/**
 * Reads chunks from a ring with a read pointer of its own; whether and when the shared pointers move is the
 * business of the ring that owns it. As few reads as the ring allows: a window of many chunks at a time.
 */
export class ChunkReader {
  readonly #storage: RingStorage;
  readonly #ringBytes: number;
  #window = Buffer.allocUnsafe(FIRST_WINDOW);
  #view = viewOf(this.#window);
  #message = new MessageReader(this.#window);
  #position: number;
  /** Bytes of the chunk that was seen last. */
  #seen = 1;

  constructor(storage: RingStorage, readPointer: number) {
    if (readPointer >= storage.wordSize) throw malformed(`read pointer ${readPointer} lies outside the ring`);
    this.#storage = storage;
    this.#ringBytes = storage.wordSize * WORD_SIZE;
    this.#position = readPointer * WORD_SIZE;
  }

  /** In words, as the ring header counts. */
  get readPointer(): number {
    return this.#position / WORD_SIZE;
  }

  /**
   * Delivers `count` chunks that lie within `available` bytes from the read pointer, and steps over them.
   * The window that `deliver` sees is good for that call only. Returns the bytes stepped over.
   */
  read(count: number, available: number, deliver: (message: MessageReader) => void): number {
    let left = count;
    let stepped = 0;
    while (left > 0) {
      const filled = this.#fill(available - stepped);
      let at = 0;
      while (left > 0) {
        const length = this.#chunkLength(at, filled, available - stepped);
        if (length === undefined) break;
        const end = at + CHUNK_HEADER_SIZE + length;
        const bytes = chunkBytes(length);
        this.#seen = bytes;
        if (end > filled) {
          // Where it is the first of its window already, only a larger window helps.
          if (end > this.#window.length && at === 0) this.#renew(end);
          break;
        }
        this.#message.moveTo(at + CHUNK_HEADER_SIZE, length);
        at += bytes;
        stepped += bytes;
        left -= 1;
        deliver(this.#message);
      }
      this.#position = (this.#position + at) % this.#ringBytes;
    }
    return stepped;
  }

  /** Reads as much of the ring into the window as is there and fits; at most two reads, where the ring wraps. */
  #fill(available: number): number {
    if (this.#message.isTaken) this.#renew(this.#window.length);
    if (available > this.#window.length && this.#window.length < MAX_WINDOW)
      this.#renew(Math.min(this.#window.length * 4, MAX_WINDOW));
    const length = this.#whole(Math.min(available, this.#window.length), available);
    const toEnd = Math.min(length, this.#ringBytes - this.#position);
    if (toEnd > 0) this.#storage.readData(this.#position, this.#window, 0, toEnd);
    if (length > toEnd) this.#storage.readData(0, this.#window, toEnd, length - toEnd);
    return length;
  }

  /** Most chunks are as large as the one before. One that would not be read whole would be read twice. */
  #whole(length: number, available: number): number {
    const inPart = length % this.#seen;
    return length < available && inPart < length ? length - inPart : length;
  }

  /** The data length of the chunk at `at`, or undefined if the window ends before its header does. */
  #chunkLength(at: number, filled: number, available: number): number | undefined {
    if (available < CHUNK_HEADER_SIZE) throw malformed('a chunk is announced where the ring holds none');
    if (at + CHUNK_HEADER_SIZE > filled) return undefined;
    const length = this.#view.getUint32(at, LITTLE_ENDIAN);
    const magic = this.#view.getUint32(at + 4, LITTLE_ENDIAN);
    if (magic !== CHUNK_MAGIC) throw malformed(`chunk has magic 0x${magic.toString(16)}`);
    if (length < RESPONSE_HEADER_SIZE || CHUNK_HEADER_SIZE + length > available) {
      throw malformed(`chunk states ${length} bytes where at most ${available - CHUNK_HEADER_SIZE} can be`);
    }
    return length;
  }

  /** Another window: a larger one, or one of which nothing was given away. */
  #renew(size: number): void {
    this.#window = Buffer.allocUnsafe(size);
    this.#view = viewOf(this.#window);
    this.#message = new MessageReader(this.#window);
  }
}

function viewOf(buffer: Buffer): DataView {
  return new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
}
