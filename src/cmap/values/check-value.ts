import { isUint8Array } from 'node:util/types';
import { SET_OVERHEAD } from '../../codec/cmap/set.ts';
import {
  encodedValueLength,
  MAX_VALUE_LENGTH,
  VALUE_TYPE_CODES,
  type CmapUnknownValue,
  type CmapValue,
} from '../../codec/cmap/value.ts';
import { CsError, show } from '../../errors/index.ts';

/** A value of a type that corosync defines. */
export type SettableValue = Exclude<CmapValue, CmapUnknownValue>;

const INTEGER_RANGES = {
  int8: [-0x80, 0x7f],
  uint8: [0, 0xff],
  int16: [-0x8000, 0x7fff],
  uint16: [0, 0xffff],
  int32: [-0x80000000, 0x7fffffff],
  uint32: [0, 0xffffffff],
} as const;

const BIGINT_RANGES = {
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
} as const;

/**
 * Checks type, range and length of a value to set, so that nothing that corosync would misread is ever sent.
 * Returns a copy: the request is encoded later, and the caller may use the object and its buffer again meanwhile.
 */
export function checkValue(
  operation: string,
  key: string,
  value: CmapValue,
  maxMessageSize: number,
): SettableValue {
  const copy = read(operation, key, value);
  const reason = problemWith(copy);
  if (reason !== undefined) throw invalid(operation, key, reason);
  const settable = copy as SettableValue;
  const length = encodedValueLength(settable);
  if (length <= MAX_VALUE_LENGTH) return settable;
  const code = SET_OVERHEAD + length > maxMessageSize ? 'CS_ERR_TOO_BIG' : 'CS_ERR_INVALID_PARAM';
  const detail = `a ${settable.type} value has at most ${MAX_VALUE_LENGTH} bytes; this one has ${length}`;
  throw new CsError(code, { operation, key, detail });
}

/** Reads each property once. A buffer that was given away to a worker cannot be read, and getters may throw. */
function read(operation: string, key: string, value: CmapValue): CmapValue {
  let copy: CmapValue | undefined;
  try {
    copy = isTagged(value) ? copyOf(value) : undefined;
  } catch (error) {
    const detail = `the value cannot be read: ${error instanceof Error ? error.message : show(error)}`;
    throw new CsError('CS_ERR_INVALID_PARAM', { operation, key, detail, cause: error });
  }
  if (copy === undefined) throw invalid(operation, key, 'a value is an object { type, value }');
  return copy;
}

function copyOf(given: CmapValue): CmapValue {
  const { type, value } = given;
  if (type === 'string') {
    const { bytes } = given;
    return bytes === undefined ? { type, value } : { type, value, bytes: copyBytes(bytes) };
  }
  return { type, value: isUint8Array(value) ? copyBytes(value) : value } as CmapValue;
}

/** Whatever is no Uint8Array is left as it is, for the checks to find. */
function copyBytes(bytes: Uint8Array): Uint8Array {
  return isUint8Array(bytes) ? new Uint8Array(bytes) : bytes;
}

function invalid(operation: string, key: string, detail: string): CsError {
  return new CsError('CS_ERR_INVALID_PARAM', { operation, key, detail });
}

/** Checks the step of an adjustment: any int32. */
export function checkStep(operation: string, key: string, step: number): number {
  const reason = problemWithInteger('step', step, INTEGER_RANGES.int32);
  if (reason !== undefined) throw new CsError('CS_ERR_INVALID_PARAM', { operation, key, detail: reason });
  return step;
}

function isTagged(value: unknown): value is CmapValue {
  return typeof value === 'object' && value !== null && 'type' in value && 'value' in value;
}

function problemWith(value: CmapValue): string | undefined {
  switch (value.type) {
    case 'int8':
    case 'uint8':
    case 'int16':
    case 'uint16':
    case 'int32':
    case 'uint32':
      return problemWithInteger(value.type, value.value, INTEGER_RANGES[value.type]);
    case 'int64':
    case 'uint64':
      return problemWithBigint(value.type, value.value);
    case 'float':
    case 'double':
      return expectType(value.type, value.value, 'number');
    case 'string':
      return problemWithString(value);
    case 'binary':
      return isUint8Array(value.value) ? undefined : 'a binary value is a Uint8Array';
    default: {
      const { type } = value as { type: unknown };
      return `unknown type ${show(type)}; there are ${Object.keys(VALUE_TYPE_CODES).join(', ')}`;
    }
  }
}

function problemWithInteger(
  type: string,
  value: number,
  [least, most]: readonly [number, number],
): string | undefined {
  if (!Number.isInteger(value)) return `${type} takes an integer number, not ${show(value)}`;
  if (value < least || value > most) return `${type} ranges from ${least} to ${most}; ${value} is outside`;
  return undefined;
}

function problemWithBigint(type: 'int64' | 'uint64', value: bigint): string | undefined {
  const [least, most] = BIGINT_RANGES[type];
  if (typeof value !== 'bigint') return `${type} takes a bigint (such as 5n), not ${show(value)}`;
  if (value < least || value > most) return `${type} ranges from ${least.toString()} to ${most.toString()}`;
  return undefined;
}

function problemWithString(value: { value: string; bytes?: Uint8Array }): string | undefined {
  if (value.bytes !== undefined) {
    if (!isUint8Array(value.bytes)) return 'the bytes of a string value are a Uint8Array';
    return value.bytes.includes(0) ? 'a string holds no NUL; use binary' : undefined;
  }
  const wrongType = expectType('string', value.value, 'string');
  if (wrongType !== undefined) return wrongType;
  if (value.value.includes('\0')) return 'a string holds no NUL; use binary';
  if (/\p{Surrogate}/u.test(value.value))
    return 'the string has half a surrogate pair, which UTF-8 cannot carry';
  return undefined;
}

function expectType(type: string, value: unknown, expected: 'number' | 'string'): string | undefined {
  return typeof value === expected ? undefined : `${type} takes a ${expected}, not ${show(value)}`;
}
