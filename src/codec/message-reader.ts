import { LITTLE_ENDIAN } from './byte-order.ts';
import { malformed } from './malformed.ts';

/** So many bytes cost more to copy than a new buffer does, and they must be so large a share of it that they do not keep much else in memory. */
const [TAKE_FROM, TAKE_SHARE] = [16 * 1024, 4];

/**
 * A bounds-checked window on one message inside a larger buffer.
 * It is moved from message to message, so that decoding a batch allocates nothing but the results;
 * whatever must outlive the call is copied out.
 */
export class MessageReader {
  readonly #bytes: Buffer;
  readonly #view: DataView;
  /** What is cut out of it is no Buffer, and made faster. */
  readonly #array: Uint8Array;
  #start = 0;
  #length = 0;
  #isTaken = false;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#array = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#length = bytes.length;
  }

  /** Points the window at `length` bytes from `start`; both lie inside the buffer. */
  moveTo(start: number, length: number): this {
    if (start < 0 || length < 0 || start + length > this.#bytes.length) {
      throw malformed(`message of ${length} bytes at ${start} lies outside its buffer`);
    }
    this.#start = start;
    this.#length = length;
    return this;
  }

  get length(): number {
    return this.#length;
  }

  u8(offset: number): number {
    return this.#view.getUint8(this.#at(offset, 1));
  }

  i8(offset: number): number {
    return this.#view.getInt8(this.#at(offset, 1));
  }

  u16(offset: number): number {
    return this.#view.getUint16(this.#at(offset, 2), LITTLE_ENDIAN);
  }

  i16(offset: number): number {
    return this.#view.getInt16(this.#at(offset, 2), LITTLE_ENDIAN);
  }

  u32(offset: number): number {
    return this.#view.getUint32(this.#at(offset, 4), LITTLE_ENDIAN);
  }

  i32(offset: number): number {
    return this.#view.getInt32(this.#at(offset, 4), LITTLE_ENDIAN);
  }

  u64(offset: number): bigint {
    return this.#view.getBigUint64(this.#at(offset, 8), LITTLE_ENDIAN);
  }

  i64(offset: number): bigint {
    return this.#view.getBigInt64(this.#at(offset, 8), LITTLE_ENDIAN);
  }

  f32(offset: number): number {
    return this.#view.getFloat32(this.#at(offset, 4), LITTLE_ENDIAN);
  }

  f64(offset: number): number {
    return this.#view.getFloat64(this.#at(offset, 8), LITTLE_ENDIAN);
  }

  /** A `mar_size_t` (u64) that counts bytes. Anything larger than a message can be is malformed. */
  size(offset: number): number {
    const high = this.u32(offset + (LITTLE_ENDIAN ? 4 : 0));
    const low = this.u32(offset + (LITTLE_ENDIAN ? 0 : 4));
    if (high !== 0 || low > 0x7fffffff) throw malformed(`length field at ${offset} is out of range`);
    return low;
  }

  /** One byte per character: enough for keys and paths that are checked afterwards. */
  latin1(offset: number, length: number): string {
    const at = this.#at(offset, length);
    return this.#bytes.toString('latin1', at, at + length);
  }

  utf8(offset: number, length: number): string {
    const at = this.#at(offset, length);
    return this.#bytes.toString('utf8', at, at + length);
  }

  /** The number of bytes before the first NUL in `length` bytes from `offset` (or `length`, if there is none). */
  lengthToNul(offset: number, length: number): number {
    const at = this.#at(offset, length);
    const nul = this.#bytes.indexOf(0, at);
    return nul === -1 || nul >= at + length ? length : nul - at;
  }

  /** A copy, which outlives this window. */
  copy(offset: number, length: number): Uint8Array {
    const at = this.#at(offset, length);
    return this.#array.slice(at, at + length);
  }

  /** Bytes that outlive this window: a copy, or where they are most of the buffer, themselves. Whoever owns it then needs another one (`isTaken`). */
  take(offset: number, length: number): Uint8Array {
    if (length < TAKE_FROM || length * TAKE_SHARE < this.#bytes.length) return this.copy(offset, length);
    const at = this.#at(offset, length);
    this.#isTaken = true;
    return new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset + at, length);
  }

  /** Whether a part of the buffer was given away. */
  get isTaken(): boolean {
    return this.#isTaken;
  }

  /** Copies `length` bytes from `offset` into `target` at `at`, where there must be room for them. */
  copyTo(target: Uint8Array, at: number, offset: number, length: number): void {
    const from = this.#at(offset, length);
    target.set(this.#bytes.subarray(from, from + length), at);
  }

  #at(offset: number, size: number): number {
    if (offset + size > this.#length) {
      throw malformed(`message of ${this.#length} bytes ends before byte ${offset + size}`);
    }
    return this.#start + offset;
  }
}
