import { malformed } from '../malformed.ts';
import type { MessageReader } from '../message-reader.ts';
import type { MessageWriter } from '../message-writer.ts';
import { bytesUnlessUtf8 } from '../text.ts';

/** A value of the map with its type. 64-bit integers are `bigint`; `float` is a 32-bit, `double` a 64-bit number. */
export type CmapValue =
  | { readonly type: 'int8' | 'uint8' | 'int16' | 'uint16' | 'int32' | 'uint32'; readonly value: number }
  | { readonly type: 'int64' | 'uint64'; readonly value: bigint }
  | { readonly type: 'float' | 'double'; readonly value: number }
  | CmapStringValue
  | { readonly type: 'binary'; readonly value: Uint8Array }
  | CmapUnknownValue;

/** A text: UTF-8, unless another client has stored other bytes. */
export interface CmapStringValue {
  readonly type: 'string';
  /** The text; bytes that are not UTF-8 stand in it as U+FFFD. */
  readonly value: string;
  /** The bytes as stored, without the final NUL: only there if they are not valid UTF-8, and `value` is lossy. */
  readonly bytes?: Uint8Array;
}

/** A type that corosync does not define. It stores such a value if a careless client sets one; this one never does. */
export interface CmapUnknownValue {
  readonly type: 'unknown';
  /** The type's number on the wire. */
  readonly typeCode: number;
  /** The bytes as stored. */
  readonly value: Uint8Array;
}

/** The types that values have, `'unknown'` among them. */
export type CmapValueType = CmapValue['type'];

/** cmap_value_types_t. */
export const VALUE_TYPE_CODES = {
  int8: 1,
  uint8: 2,
  int16: 3,
  uint16: 4,
  int32: 5,
  uint32: 6,
  int64: 7,
  uint64: 8,
  float: 9,
  double: 10,
  string: 11,
  binary: 12,
} as const;
/** ICMAP_VALUETYPE_NOT_EXIST: "unset" in notifications; but corosync also stores it, if a client sets such a value. */
export const UNSET_TYPE_CODE = 0;

const TYPE_NAMES: readonly (keyof typeof VALUE_TYPE_CODES | undefined)[] = [
  undefined,
  ...(Object.keys(VALUE_TYPE_CODES) as (keyof typeof VALUE_TYPE_CODES)[]),
];

/** ICMAP_MAX_VALUE_LEN, in bytes; a string is stored with a NUL beyond it. */
export const MAX_VALUE_LENGTH = 16384;
export const MAX_STORED_LENGTH = MAX_VALUE_LENGTH + 1;

export function valueTypeName(code: number): CmapValueType {
  return TYPE_NAMES[code] ?? 'unknown';
}

export function isIntegerType(code: number): boolean {
  return code >= VALUE_TYPE_CODES.int8 && code <= VALUE_TYPE_CODES.uint64;
}

/** Bytes of a value as `set` sends it: a string goes without its NUL, as libcmap's cmap_set_string sends it. */
export function encodedValueLength(value: CmapValue): number {
  switch (value.type) {
    case 'int8':
    case 'uint8':
      return 1;
    case 'int16':
    case 'uint16':
      return 2;
    case 'int32':
    case 'uint32':
    case 'float':
      return 4;
    case 'int64':
    case 'uint64':
    case 'double':
      return 8;
    case 'string':
      return value.bytes?.length ?? Buffer.byteLength(value.value);
    case 'binary':
    case 'unknown':
      return value.value.length;
  }
}

/** Writes what `encodedValueLength` has measured. */
export function encodeValue(into: MessageWriter, offset: number, value: CmapValue): void {
  switch (value.type) {
    case 'int8':
      return into.i8(offset, value.value);
    case 'uint8':
      return into.u8(offset, value.value);
    case 'int16':
      return into.i16(offset, value.value);
    case 'uint16':
      return into.u16(offset, value.value);
    case 'int32':
      return into.i32(offset, value.value);
    case 'uint32':
      return into.u32(offset, value.value);
    case 'int64':
      return into.i64(offset, value.value);
    case 'uint64':
      return into.u64(offset, value.value);
    case 'float':
      return into.f32(offset, value.value);
    case 'double':
      return into.f64(offset, value.value);
    case 'string':
      return into.copy(offset, value.bytes ?? Buffer.from(value.value));
    case 'binary':
    case 'unknown':
      return into.copy(offset, value.value);
  }
}

/** Decodes `length` bytes at `offset` as a value of wire type `code`. Throws if the length contradicts the type. */
export function decodeValue(from: MessageReader, offset: number, code: number, length: number): CmapValue {
  const type = valueTypeName(code);
  switch (type) {
    case 'int8':
      return { type, value: from.i8(fixed(type, offset, length, 1)) };
    case 'uint8':
      return { type, value: from.u8(fixed(type, offset, length, 1)) };
    case 'int16':
      return { type, value: from.i16(fixed(type, offset, length, 2)) };
    case 'uint16':
      return { type, value: from.u16(fixed(type, offset, length, 2)) };
    case 'int32':
      return { type, value: from.i32(fixed(type, offset, length, 4)) };
    case 'uint32':
      return { type, value: from.u32(fixed(type, offset, length, 4)) };
    case 'int64':
      return { type, value: from.i64(fixed(type, offset, length, 8)) };
    case 'uint64':
      return { type, value: from.u64(fixed(type, offset, length, 8)) };
    case 'float':
      return { type, value: from.f32(fixed(type, offset, length, 4)) };
    case 'double':
      return { type, value: from.f64(fixed(type, offset, length, 8)) };
    case 'string':
      return decodeString(from, offset, length);
    case 'binary':
      return { type, value: from.copy(offset, length) };
    case 'unknown':
      return { type, typeCode: code, value: from.copy(offset, length) };
  }
}

function fixed(type: CmapValueType, offset: number, length: number, expected: number): number {
  if (length !== expected) throw malformed(`${type} value has ${length} bytes, not ${expected}`);
  return offset;
}

function decodeString(from: MessageReader, offset: number, length: number): CmapStringValue {
  const textLength = from.lengthToNul(offset, length);
  const value = from.utf8(offset, textLength);
  const bytes = bytesUnlessUtf8(value, from, offset, textLength);
  return bytes === undefined ? { type: 'string', value } : { type: 'string', value, bytes };
}
