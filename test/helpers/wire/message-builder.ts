/**
 * Builds messages byte by byte, from the offsets a C compiler gave, and shares nothing with src/codec: a mistake in
 * one cannot hide in the other. Every builder stands for one C struct and pads it by hand, so read it beside the
 * struct. `at()` states the offset of the field that follows and throws if the bytes so far do not end there.
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

/** mar_name_t as libcmap and corosync fill it for cmap: the length does not count the NUL. */
function name(key: string): Message {
  const value = Buffer.from(key, 'latin1');
  return message()
    .u16(value.length)
    .pad(6)
    .at(8)
    .bytes(value)
    .zeros(256 - value.length)
    .at(264);
}

const hexBytes = (hex: string): Buffer => Buffer.from(hex, 'hex');

export interface ReqSet {
  readonly key: string;
  readonly type: number;
  readonly value: string;
}

/** struct req_lib_cmap_set */
export function reqCmapSet({ key, type, value }: ReqSet): Message {
  const bytes = hexBytes(value);
  return requestHeader(0, 296 + bytes.length)
    .at(16)
    .bytes(name(key))
    .at(280)
    .u64(bytes.length)
    .at(288)
    .u8(type)
    .pad(7)
    .at(296)
    .bytes(bytes);
}

export interface ReqKey {
  readonly key: string;
}

/** struct req_lib_cmap_delete */
export function reqCmapDelete({ key }: ReqKey): Message {
  return requestHeader(1, 280).bytes(name(key)).at(280);
}

export interface ReqGet {
  readonly key: string;
  /** Of the caller's buffer. */
  readonly valueLength: number;
}

/** struct req_lib_cmap_get */
export function reqCmapGet({ key, valueLength }: ReqGet): Message {
  return requestHeader(2, 288).bytes(name(key)).at(280).u64(valueLength).at(288);
}

export interface ReqAdjust {
  readonly key: string;
  readonly step: number;
}

/** struct req_lib_cmap_adjust_int */
export function reqCmapAdjustInt({ key, step }: ReqAdjust): Message {
  return requestHeader(3, 288).bytes(name(key)).at(280).i32(step).pad(4).at(288);
}

export interface ReqIterInit {
  readonly prefix: string;
}

/** struct req_lib_cmap_iter_init */
export function reqCmapIterInit({ prefix }: ReqIterInit): Message {
  return requestHeader(4, 280).bytes(name(prefix)).at(280);
}

/** Handles are decimal numbers in text, because JSON has no 64-bit integers. */
export interface ReqIter {
  readonly iterHandle: string;
}

/** struct req_lib_cmap_iter_next */
export function reqCmapIterNext({ iterHandle }: ReqIter): Message {
  return requestHeader(5, 24).u64(BigInt(iterHandle)).at(24);
}

/** struct req_lib_cmap_iter_finalize */
export function reqCmapIterFinalize({ iterHandle }: ReqIter): Message {
  return requestHeader(6, 24).u64(BigInt(iterHandle)).at(24);
}

export interface ReqTrackAdd {
  readonly key: string;
  readonly trackType: number;
  readonly trackInstHandle: string;
}

/** struct req_lib_cmap_track_add */
export function reqCmapTrackAdd({ key, trackType, trackInstHandle }: ReqTrackAdd): Message {
  return requestHeader(7, 296)
    .bytes(name(key))
    .at(280)
    .i32(trackType)
    .pad(4)
    .at(288)
    .u64(BigInt(trackInstHandle))
    .at(296);
}

export interface ReqTrackDelete {
  readonly trackHandle: string;
}

/** struct req_lib_cmap_track_delete */
export function reqCmapTrackDelete({ trackHandle }: ReqTrackDelete): Message {
  return requestHeader(8, 24).u64(BigInt(trackHandle)).at(24);
}

export interface ReqSetCurrentMap {
  readonly map: number;
}

/** struct req_lib_cmap_set_current_map */
export function reqCmapSetCurrentMap({ map }: ReqSetCurrentMap): Message {
  return requestHeader(9, 24).i32(map).pad(4).at(24);
}

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

export interface ResGet extends ResError {
  /** Of the value that is there, not of the bytes that follow. */
  readonly valueLength: number;
  readonly type: number;
  /** As many bytes as were asked for, the value first. */
  readonly value: string;
}

/** struct res_lib_cmap_get */
export function resCmapGet({ error, valueLength, type, value }: ResGet): Message {
  const bytes = hexBytes(value);
  return responseHeader(2, 40 + bytes.length, error)
    .at(24)
    .u64(valueLength)
    .at(32)
    .u8(type)
    .pad(7)
    .at(40)
    .bytes(bytes);
}

export interface ResIterInit extends ResError {
  readonly iterHandle: string;
}

/** struct res_lib_cmap_iter_init */
export function resCmapIterInit({ error, iterHandle }: ResIterInit): Message {
  return responseHeader(4, 32, error).u64(BigInt(iterHandle)).at(32);
}

export interface ResIterNext extends ResError {
  readonly key: string;
  readonly valueLength: number;
  readonly type: number;
}

/** struct res_lib_cmap_iter_next */
export function resCmapIterNext({ error, key, valueLength, type }: ResIterNext): Message {
  return responseHeader(5, 304, error)
    .bytes(name(key))
    .at(288)
    .u64(valueLength)
    .at(296)
    .u8(type)
    .pad(7)
    .at(304);
}

export interface ResTrackAdd extends ResError {
  readonly trackHandle: string;
}

/** struct res_lib_cmap_track_add */
export function resCmapTrackAdd({ error, trackHandle }: ResTrackAdd): Message {
  return responseHeader(7, 32, error).u64(BigInt(trackHandle)).at(32);
}

export interface ResTrackDelete extends ResError {
  readonly trackInstHandle: string;
}

/** struct res_lib_cmap_track_delete */
export function resCmapTrackDelete({ error, trackInstHandle }: ResTrackDelete): Message {
  return responseHeader(8, 32, error).u64(BigInt(trackInstHandle)).at(32);
}

export interface NotifyCallback {
  readonly trackInstHandle: string;
  readonly key: string;
  readonly event: number;
  readonly newType: number;
  readonly newValue: string;
  readonly oldType: number;
  readonly oldValue: string;
}

/** struct res_lib_cmap_notify_callback; both values follow it, the new one first and nothing between them. */
export function resCmapNotifyCallback(notification: NotifyCallback): Message {
  const newValue = hexBytes(notification.newValue);
  const oldValue = hexBytes(notification.oldValue);
  return responseHeader(9, 336 + newValue.length + oldValue.length, 1)
    .at(24)
    .u64(BigInt(notification.trackInstHandle))
    .at(32)
    .bytes(name(notification.key))
    .at(296)
    .i32(notification.event)
    .pad(4)
    .at(304)
    .u8(notification.newType)
    .pad(7)
    .at(312)
    .u8(notification.oldType)
    .pad(7)
    .at(320)
    .u64(newValue.length)
    .at(328)
    .u64(oldValue.length)
    .at(336)
    .bytes(newValue)
    .bytes(oldValue);
}

/** struct qb_ipc_connection_request */
export function connectionRequest({ maxMessageSize }: { readonly maxMessageSize: number }): Message {
  return requestHeader(-1, 24).i32(maxMessageSize).pad(4).at(24);
}

export interface ConnectionResponse extends ResError {
  /** 0 datagram sockets, 1 shared memory */
  readonly connectionType: number;
  readonly maxMessageSize: number;
  /** The server's pointer to its connection, of no use to a client. */
  readonly connection: string;
  readonly request: string;
  readonly response: string;
  readonly event: string;
}

/** struct qb_ipc_connection_response */
export function connectionResponse(fields: ConnectionResponse): Message {
  const path = (text: string): Message =>
    message()
      .ascii(text)
      .zeros(4096 - text.length);
  return responseHeader(-1, 12328, fields.error)
    .at(24)
    .i32(fields.connectionType)
    .at(28)
    .i32(fields.maxMessageSize)
    .at(32)
    .u64(BigInt(fields.connection))
    .at(40)
    .bytes(path(fields.request))
    .at(4136)
    .bytes(path(fields.response))
    .at(8232)
    .bytes(path(fields.event))
    .at(12328);
}

/** Every builder under the name the golden file uses for its message. */
export const builders = {
  reqCmapSet,
  reqCmapDelete,
  reqCmapGet,
  reqCmapAdjustInt,
  reqCmapIterInit,
  reqCmapIterNext,
  reqCmapIterFinalize,
  reqCmapTrackAdd,
  reqCmapTrackDelete,
  reqCmapSetCurrentMap,
  reqHeaderOnly,
  resHeaderOnly,
  resCmapGet,
  resCmapIterInit,
  resCmapIterNext,
  resCmapTrackAdd,
  resCmapTrackDelete,
  resCmapNotifyCallback,
  connectionRequest,
  connectionResponse,
} as const;

export type BuilderName = keyof typeof builders;

/** What a message says, without its bytes: the name of its builder and the fields to give to it. */
export type MessageFields = {
  [Name in BuilderName]: { readonly message: Name } & Parameters<(typeof builders)[Name]>[0];
}[BuilderName];

export function build(fields: MessageFields): Message {
  // The union makes sure that the fields fit the builder; TypeScript cannot follow that through the lookup.
  const builder = builders[fields.message] as (given: MessageFields) => Message;
  return builder(fields);
}

/** Where the bytes differ from what the builder says; empty is as it should be. Padding may hold anything. */
export function differences(bytes: Uint8Array, expected: Message): string[] {
  const wanted = expected.toBytes();
  if (bytes.length !== wanted.length) return [`${bytes.length} bytes instead of ${wanted.length}`];
  const offsets = [...wanted.keys()].filter((at) => bytes[at] !== wanted[at] && !expected.padding().has(at));
  return offsets.map((at) => `byte ${at}: ${bytes[at] ?? ''} instead of ${wanted[at] ?? ''}`);
}

/** Padding bytes that are not zero. */
export function dirtyPadding(bytes: Uint8Array, expected: Message): number[] {
  return [...expected.padding()].filter((at) => bytes[at] !== 0);
}
