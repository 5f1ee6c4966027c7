/**
 * A message built byte by byte, from the offsets a C compiler gave. `at()` states the offset of the field that follows and
 * throws if the bytes so far do not end there, so that every builder pads by hand: read it beside the struct.
 */
import { endianness } from 'node:os';

const LITTLE = endianness() === 'LE';

export class Message {
  readonly #parts: Uint8Array[] = [];
  readonly #padding = new Set<number>();
  #length = 0;

  i32(value: number): this {
    return this.#number(4, (view) => view.setInt32(0, value, LITTLE));
  }

  u16(value: number): this {
    return this.#number(2, (view) => view.setUint16(0, value, LITTLE));
  }

  u32(value: number): this {
    return this.#number(4, (view) => view.setUint32(0, value, LITTLE));
  }

  u8(value: number): this {
    return this.#number(1, (view) => view.setUint8(0, value));
  }

  u64(value: bigint | number): this {
    return this.#number(8, (view) => view.setBigUint64(0, BigInt(value), LITTLE));
  }

  bytes(value: Uint8Array | Message): this {
    if (value instanceof Message) return this.#append(value);
    this.#parts.push(value);
    this.#length += value.length;
    return this;
  }

  ascii(text: string): this {
    return this.bytes(Buffer.from(text, 'latin1'));
  }

  /** That many zero bytes which are part of a field. */
  zeros(count: number): this {
    return this.bytes(new Uint8Array(count));
  }

  /** The compiler's padding: zero in what we send, but a receiver must not look at it. */
  pad(count: number): this {
    for (let i = 0; i < count; i++) this.#padding.add(this.#length + i);
    return this.zeros(count);
  }

  /** The offsets of all padding bytes. */
  padding(): ReadonlySet<number> {
    return this.#padding;
  }

  at(offset: number): this {
    if (this.#length !== offset)
      throw new Error(`the field belongs at ${offset}, but this is ${this.#length}`);
    return this;
  }

  toBytes(): Buffer {
    return Buffer.concat(this.#parts);
  }

  hex(): string {
    return this.toBytes().toString('hex');
  }

  #append(part: Message): this {
    for (const offset of part.#padding) this.#padding.add(this.#length + offset);
    return this.bytes(part.toBytes());
  }

  #number(size: number, put: (view: DataView) => void): this {
    const bytes = new Uint8Array(size);
    put(new DataView(bytes.buffer));
    return this.bytes(bytes);
  }
}

export const message = (): Message => new Message();

/** struct qb_ipc_request_header: id, size, both aligned to 8. */
export function requestHeader(id: number, size: number): Message {
  return message().i32(id).pad(4).at(8).i32(size).pad(4).at(16);
}

/** struct qb_ipc_response_header: id, size, error, each aligned to 8. */
export function responseHeader(id: number, size: number, error: number): Message {
  return message().i32(id).pad(4).at(8).i32(size).pad(4).at(16).i32(error).pad(4).at(24);
}

/** Bytes given as hex, which is how JSON has them. */
export const hexBytes = (hex: string): Buffer => Buffer.from(hex, 'hex');

/** A request without a body, for ids that corosync does not know. */
export function reqHeaderOnly({ id }: { readonly id: number }): Message {
  return requestHeader(id, 16);
}

export interface ResError {
  readonly error: number;
}

/** A response that is no more than its header. */
export function resHeaderOnly({ id, error }: ResError & { readonly id: number }): Message {
  return responseHeader(id, 24, error);
}
