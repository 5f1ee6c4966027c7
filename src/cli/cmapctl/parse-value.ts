import type { CmapValue } from '../../index.ts';
import { toBytes, type ByteString } from '../drop-in/bytes.ts';
import { scanDouble, scanFloat, scanInt64, scanUint64 } from '../drop-in/libc/scanf.ts';

/** Whether a value text can be used: the value, or what the tool says about it. */
export type ParsedValue =
  | { readonly kind: 'value'; readonly value: CmapValue }
  | { readonly kind: 'file'; readonly name: ByteString }
  | { readonly kind: 'error'; readonly message: ByteString };

type IntegerName = 'i8' | 'u8' | 'i16' | 'u16' | 'i32' | 'u32' | 'i64' | 'u64';

const INTEGER_TYPES = {
  i8: 'int8',
  u8: 'uint8',
  i16: 'int16',
  u16: 'uint16',
  i32: 'int32',
  u32: 'uint32',
  i64: 'int64',
  u64: 'uint64',
} as const;

/** TYPE and VALUE as given to -s or in a line of a -p file. */
export function parseValue(type: ByteString, text: ByteString): ParsedValue {
  switch (type) {
    case 'i8':
    case 'u8':
    case 'i16':
    case 'u16':
    case 'i32':
    case 'u32':
    case 'i64':
    case 'u64':
      return parseInteger(type, text);
    case 'flt':
      return scanned(scanFloat(text), 'float', type, text);
    case 'dbl':
      return scanned(scanDouble(text), 'double', type, text);
    case 'str':
      return { kind: 'value', value: stringValue(toBytes(text)) };
    case 'bin':
      return { kind: 'file', name: text };
    default:
      return { kind: 'error', message: `Unknown type ${type}` };
  }
}

/** Nearly every integer is one of these, and many may be loaded: bigints take their time. */
const FEW_DIGITS = /^\d{1,9}$/;

function parseInteger(type: IntegerName, text: ByteString): ParsedValue {
  const bits = Number(type.slice(1));
  const signed = type.startsWith('i');
  const small = bits < 64 && FEW_DIGITS.test(text) ? Number(text) : Infinity;
  if (small < 2 ** (signed ? bits - 1 : bits)) {
    return { kind: 'value', value: { type: INTEGER_TYPES[type], value: small } as CmapValue };
  }
  const value = signed ? scanInt64(text) : scanUint64(text);
  if (value === undefined) return notValid(type, text);
  if (value !== (signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value))) {
    return { kind: 'error', message: `${text} is not valid ${type} integer` };
  }
  const name = INTEGER_TYPES[type];
  return {
    kind: 'value',
    value:
      name === 'int64' || name === 'uint64' ? { type: name, value } : { type: name, value: Number(value) },
  };
}

function scanned(
  value: number | undefined,
  name: 'float' | 'double',
  type: string,
  text: ByteString,
): ParsedValue {
  return value === undefined ? notValid(type, text) : { kind: 'value', value: { type: name, value } };
}

function notValid(type: string, text: ByteString): ParsedValue {
  return { kind: 'error', message: `${text} is not valid ${type} type value` };
}

/** A string value of exactly these bytes, which need not be UTF-8. */
export function stringValue(bytes: Uint8Array): CmapValue {
  const value = Buffer.from(bytes).toString();
  return Buffer.from(value).equals(bytes) ? { type: 'string', value } : { type: 'string', value, bytes };
}
