import type { CmapValue } from '../../codec/cmap/value.ts';

/** Whether two values are the same in type and in every bit; `undefined` is a key that is not there. */
export function sameValue(one: CmapValue | undefined, other: CmapValue | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  if (one.type !== other.type) return false;
  if (one.type === 'string' && other.type === 'string') {
    return one.value === other.value && sameBytes(one.bytes, other.bytes);
  }
  if (one.type === 'unknown' && other.type === 'unknown' && one.typeCode !== other.typeCode) return false;
  if (one.value instanceof Uint8Array && other.value instanceof Uint8Array)
    return sameBytes(one.value, other.value);
  // NaN is itself, and 0 is not -0: corosync compares bytes.
  return Object.is(one.value, other.value);
}

function sameBytes(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return Buffer.compare(one, other) === 0;
}
