import { describe, expect, it } from 'vitest';
import type { CmapValue } from '../../../src/index.ts';
import { sameValue } from '../../../src/cmap/following/same-value.ts';

const DIFFERENT: readonly (CmapValue | undefined)[] = [
  undefined,
  { type: 'uint8', value: 1 },
  { type: 'uint16', value: 1 },
  { type: 'uint64', value: 1n },
  { type: 'int64', value: 1n },
  { type: 'float', value: NaN },
  { type: 'double', value: NaN },
  { type: 'double', value: 0 },
  { type: 'double', value: -0 },
  { type: 'string', value: '' },
  { type: 'string', value: '1' },
  { type: 'string', value: '\ufffd' },
  { type: 'string', value: '\ufffd', bytes: Uint8Array.of(0xff) },
  { type: 'string', value: '\ufffd', bytes: Uint8Array.of(0xfe) },
  { type: 'binary', value: Uint8Array.of() },
  { type: 'binary', value: Uint8Array.of(1) },
  { type: 'unknown', typeCode: 13, value: Uint8Array.of(1) },
  { type: 'unknown', typeCode: 14, value: Uint8Array.of(1) },
];

describe('sameValue', () => {
  it('is true for copies, and false for any two that differ in type or in a bit', () => {
    for (const [i, one] of DIFFERENT.entries()) {
      for (const [j, other] of DIFFERENT.entries()) {
        expect(sameValue(one, structuredClone(other)), `${i} and ${j}`).toBe(i === j);
      }
    }
  });
});
