import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { scanDouble, scanFloat, scanInt64, scanUint64 } from '../../../../src/cli/drop-in/libc/scanf.ts';
import { SCANF_FLOAT, SCANF_INTEGER } from './glibc-tables.ts';

function floatBits(value: number | undefined): string {
  if (value === undefined) return '-';
  const bytes = Buffer.alloc(4);
  bytes.writeFloatBE(value);
  return bytes.toString('hex');
}

function doubleBits(value: number | undefined): string {
  if (value === undefined) return '-';
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return bytes.toString('hex');
}

/** String() drops the sign of zero. */
function decimal(x: number): string {
  return Object.is(x, -0) ? '-0' : String(x);
}

describe('integers', () => {
  test.each(SCANF_INTEGER)('%j is read as by glibc', (text, int64, uint64) => {
    expect(String(scanInt64(text) ?? '-')).toBe(int64);
    expect(String(scanUint64(text) ?? '-')).toBe(uint64);
  });

  it('clamps', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }), (x) => {
        const clamped = x > 2n ** 63n - 1n ? 2n ** 63n - 1n : x < -(2n ** 63n) ? -(2n ** 63n) : x;
        expect(scanInt64(` ${x}junk`)).toBe(clamped);
      }),
    );
  });
});

describe('floats', () => {
  test.each(SCANF_FLOAT)('%j is read as by glibc', (text, float, double) => {
    expect(floatBits(scanFloat(text))).toBe(float);
    expect(doubleBits(scanDouble(text))).toBe(double);
  });

  it('reads doubles as JavaScript does', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (x) => {
        expect(scanDouble(decimal(x))).toBe(x);
      }),
    );
  });

  it('reads back every 32-bit float', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (x) => {
        expect(scanFloat(decimal(x))).toBe(x);
      }),
    );
  });

  it('never throws', () => {
    const text = fc.string({
      unit: fc.constantFrom(...Array.from('0159.eExXpPaAfFiInNtTyY+- \t')),
      maxLength: 12,
    });
    fc.assert(
      fc.property(text, (s) => {
        for (const scan of [scanFloat, scanDouble]) expect(['number', 'undefined']).toContain(typeof scan(s));
      }),
    );
  });
});
