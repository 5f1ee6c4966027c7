import type { CmapValue } from '../../index.ts';
import { scanDouble, scanFloat } from '../drop-in/libc/scanf.ts';
import { UsageError } from '../exit-codes.ts';
import { LONG_TYPE_NAMES, type LongTypeName } from '../printing/type-names.ts';

/** Short names as corosync-cmapctl has them, and the long ones that this library uses. */
export function parseType(name: string): LongTypeName {
  const type = LONG_TYPE_NAMES.get(name) ?? [...LONG_TYPE_NAMES.values()].find((long) => long === name);
  if (type !== undefined) return type;
  throw new UsageError(`unknown type ${name}: use one of ${[...LONG_TYPE_NAMES.keys()].join(' ')}`);
}

type NumberType = Exclude<LongTypeName, 'string' | 'binary'>;

/** Takes a whole number in its range, or a float; nothing before or after it. */
export function parseNumber(type: NumberType, text: string): CmapValue {
  if (type === 'float' || type === 'double') return { type, value: parseReal(type, text) };
  const value = parseInteger(type, text);
  return type === 'int64' || type === 'uint64' ? { type, value } : { type, value: Number(value) };
}

function parseInteger(type: Exclude<NumberType, 'float' | 'double'>, text: string): bigint {
  const match = /^([+-]?)(\d+|0x[\da-f]+)$/i.exec(text);
  if (match === null) throw new UsageError(`${text} is not a whole number`);
  const magnitude = BigInt(match[2] ?? '');
  const value = match[1] === '-' ? -magnitude : magnitude;
  const bits = BigInt(type.replace(/\D/g, ''));
  const [lowest, highest] = type.startsWith('u')
    ? [0n, 2n ** bits - 1n]
    : [-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n];
  if (value >= lowest && value <= highest) return value;
  throw new UsageError(`${text} is out of range for ${type}: ${lowest}..${highest}`);
}

const NOT_FINITE = /^[+-]?(?:nan|inf|infinity)$/i;
const FINITE = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

function parseReal(type: 'float' | 'double', text: string): number {
  const value = type === 'float' ? scanFloat(text) : scanDouble(text);
  if (NOT_FINITE.test(text) && value !== undefined) return value;
  if (!FINITE.test(text) || value === undefined) throw new UsageError(`${text} is not a number`);
  if (!Number.isFinite(value)) throw new UsageError(`${text} is out of range for ${type}`);
  return value;
}

export function parseBase64(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64');
  const canonical = bytes.toString('base64');
  if (canonical === text || canonical.replace(/=+$/, '') === text) return bytes;
  throw new UsageError('the value is not base64');
}
