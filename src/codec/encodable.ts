import { CsError } from '../errors/index.ts';

/**
 * Requests check their fields when they are made: what does not fit its struct would be cut off without a word, and an encoder
 * that throws would do so in the middle of a batch. Whether a value makes sense is for the client to say, before.
 */
export function unencodable(operation: string, detail: string): CsError {
  return new CsError('CS_ERR_INVALID_PARAM', { operation, detail });
}

/** @throws CsError CS_ERR_INVALID_PARAM */
export function u32Field(operation: string, field: string, value: number): number {
  if (Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff) return value;
  throw unencodable(operation, `${field} ${value} is no unsigned 32-bit integer`);
}

/** @throws CsError CS_ERR_INVALID_PARAM */
export function u64Field(operation: string, field: string, value: bigint): bigint {
  if (value >= 0n && value <= 0xffff_ffff_ffff_ffffn) return value;
  throw unencodable(operation, `${field} ${value} is no unsigned 64-bit integer`);
}

/**
 * The bytes of a text that corosync reads as a C string (or as one in some places).
 * @throws CsError CS_ERR_INVALID_PARAM: too short, too long, or with a NUL in it
 */
export function textField(
  operation: string,
  field: string,
  text: string | Uint8Array,
  min: number,
  max: number,
): Uint8Array {
  const bytes = typeof text === 'string' ? Buffer.from(text) : Uint8Array.from(text);
  if (bytes.includes(0)) throw unencodable(operation, `${field} contains a NUL`);
  if (bytes.length >= min && bytes.length <= max) return bytes;
  throw unencodable(operation, `${field} has ${bytes.length} bytes, not ${min} to ${max}`);
}
