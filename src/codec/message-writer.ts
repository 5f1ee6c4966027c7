import { LITTLE_ENDIAN } from './byte-order.ts';

/** Writes one message into a larger buffer; offsets are relative to the message. */
export class MessageWriter {
  readonly bytes: Buffer;
  readonly #view: DataView;
  /** Buffer's own `fill` checks more, which takes longer than the filling. */
  readonly #array: Uint8Array;
  #start = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
    this.#array = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /**
   * Starts a message of `size` bytes at `start`, all zero: no byte of an earlier message may leak into padding.
   * @throws RangeError it does not fit its buffer
   */
  begin(start: number, size: number): this {
    if (start + size > this.#array.length) throw new RangeError(`${size} bytes at ${start} do not fit`);
    this.#array.fill(0, start, start + size);
    this.#start = start;
    return this;
  }

  /** Makes offsets relative to `start`, within what `begin` has cleared. */
  at(start: number): this {
    this.#start = start;
    return this;
  }

  i8(offset: number, value: number): void {
    this.#view.setInt8(this.#start + offset, value);
  }

  u8(offset: number, value: number): void {
    this.#view.setUint8(this.#start + offset, value);
  }

  i16(offset: number, value: number): void {
    this.#view.setInt16(this.#start + offset, value, LITTLE_ENDIAN);
  }

  u16(offset: number, value: number): void {
    this.#view.setUint16(this.#start + offset, value, LITTLE_ENDIAN);
  }

  i32(offset: number, value: number): void {
    this.#view.setInt32(this.#start + offset, value, LITTLE_ENDIAN);
  }

  u32(offset: number, value: number): void {
    this.#view.setUint32(this.#start + offset, value, LITTLE_ENDIAN);
  }

  i64(offset: number, value: bigint): void {
    this.#view.setBigInt64(this.#start + offset, value, LITTLE_ENDIAN);
  }

  u64(offset: number, value: bigint): void {
    this.#view.setBigUint64(this.#start + offset, value, LITTLE_ENDIAN);
  }

  f32(offset: number, value: number): void {
    this.#view.setFloat32(this.#start + offset, value, LITTLE_ENDIAN);
  }

  f64(offset: number, value: number): void {
    this.#view.setFloat64(this.#start + offset, value, LITTLE_ENDIAN);
  }

  /** A `mar_size_t`: u64 on the wire, a byte count below 2^31 here. */
  size(offset: number, value: number): void {
    this.u32(offset + (LITTLE_ENDIAN ? 0 : 4), value);
  }

  /** Text whose characters all fit one byte. A loop beats a call into native code for strings this short. */
  latin1(offset: number, text: string): void {
    const at = this.#start + offset;
    for (let i = 0; i < text.length; i++) this.bytes[at + i] = text.charCodeAt(i);
  }

  copy(offset: number, from: Uint8Array): void {
    this.bytes.set(from, this.#start + offset);
  }
}
