import type { CmapChange, CmapValue } from '../../../src/index.ts';
import { CMAP_TRACK, CMAP_TYPES, type CmapPeer } from '../corosync/c-peer.ts';

export type KnownValue = Exclude<CmapValue, { type: 'unknown' }>;

/** The bytes that libcmap passes for a value; a string without its NUL. Written without the codec on purpose. */
export function bytesOf(value: KnownValue): Buffer {
  switch (value.type) {
    case 'int8':
      return Buffer.from(Int8Array.of(value.value).buffer);
    case 'uint8':
      return Buffer.from(Uint8Array.of(value.value).buffer);
    case 'int16':
      return Buffer.from(Int16Array.of(value.value).buffer);
    case 'uint16':
      return Buffer.from(Uint16Array.of(value.value).buffer);
    case 'int32':
      return Buffer.from(Int32Array.of(value.value).buffer);
    case 'uint32':
      return Buffer.from(Uint32Array.of(value.value).buffer);
    case 'int64':
      return Buffer.from(BigInt64Array.of(value.value).buffer);
    case 'uint64':
      return Buffer.from(BigUint64Array.of(value.value).buffer);
    case 'float':
      return Buffer.from(Float32Array.of(value.value).buffer);
    case 'double':
      return Buffer.from(Float64Array.of(value.value).buffer);
    case 'string':
      return Buffer.from(value.bytes ?? Buffer.from(value.value));
    case 'binary':
      return Buffer.from(value.value);
  }
}

/** What corosync stores: a string gets its NUL. */
export function storedBytesOf(value: KnownValue): Buffer {
  return value.type === 'string' ? Buffer.concat([bytesOf(value), Buffer.of(0)]) : bytesOf(value);
}

export interface WireValue {
  readonly type: number;
  readonly bytes: Buffer;
}

/** What libcmap shows of a value: type 0 and no bytes for one that is not there. */
export function wireOf(value: CmapValue | undefined): WireValue {
  if (value === undefined) return { type: 0, bytes: Buffer.alloc(0) };
  if (value.type === 'unknown') return { type: value.typeCode, bytes: Buffer.from(value.value) };
  return { type: CMAP_TYPES[value.type], bytes: storedBytesOf(value) };
}

export function setByPeer(peer: CmapPeer, key: string, value: KnownValue): Promise<number> {
  return peer.set(key, CMAP_TYPES[value.type], bytesOf(value));
}

export function eventCode(event: CmapChange): number {
  return CMAP_TRACK[event];
}

const binary = (bytes: Uint8Array): KnownValue => ({ type: 'binary', value: bytes });
const string = (value: string): KnownValue => ({ type: 'string', value });

/** Every type with its extremes. */
export const EXTREME_VALUES: readonly KnownValue[] = [
  ...[-128, -1, 0, 127].map((value) => ({ type: 'int8', value }) as const),
  ...[0, 1, 255].map((value) => ({ type: 'uint8', value }) as const),
  ...[-32768, -1, 0, 32767].map((value) => ({ type: 'int16', value }) as const),
  ...[0, 65535].map((value) => ({ type: 'uint16', value }) as const),
  ...[-(2 ** 31), -1, 0, 2 ** 31 - 1].map((value) => ({ type: 'int32', value }) as const),
  ...[0, 2 ** 31, 2 ** 32 - 1].map((value) => ({ type: 'uint32', value }) as const),
  ...[-(2n ** 63n), -1n, 0n, 2n ** 53n + 1n, 2n ** 63n - 1n].map(
    (value) => ({ type: 'int64', value }) as const,
  ),
  ...[0n, 2n ** 63n, 2n ** 64n - 1n].map((value) => ({ type: 'uint64', value }) as const),
  ...[0, -0, 1.5, -3.4028234663852886e38, 2 ** -149, Infinity, -Infinity, NaN].map(
    (value) => ({ type: 'float', value }) as const,
  ),
  ...[0, -0, 0.1, Number.MAX_VALUE, Number.MIN_VALUE, Infinity, -Infinity, NaN].map(
    (value) => ({ type: 'double', value }) as const,
  ),
  string(''),
  string('x'),
  string('Größe: 10 µm, 日本語, 🙂'),
  { type: 'string', value: '\ufffd\ufffdA', bytes: Uint8Array.of(0xff, 0xfe, 0x41) },
  string('s'.repeat(16384)),
  binary(new Uint8Array()),
  binary(Uint8Array.of(0)),
  binary(Uint8Array.from({ length: 256 }, (_, index) => index)),
  binary(Uint8Array.from({ length: 16384 }, (_, index) => (index * 31) % 251)),
];
