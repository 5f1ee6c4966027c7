import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { divideHalfEven, formatFixed } from '../../../../src/cli/drop-in/libc/printf.ts';
import { PRINTF_F } from './glibc-tables.ts';

function fromBits(bits: string): number {
  return Buffer.from(bits, 'hex').readDoubleBE(0);
}

describe('formatFixed', () => {
  test.each(PRINTF_F)('of %s is %s, as in glibc', (bits, printed) => {
    expect(formatFixed(fromBits(bits))).toBe(printed);
  });

  it('is within half a millionth', () => {
    fc.assert(
      fc.property(fc.double({ min: -1e9, max: 1e9, noNaN: true }), (x) => {
        expect(Math.abs(Number(formatFixed(x)) - x)).toBeLessThanOrEqual(0.5e-6 + 1e-7);
      }),
    );
  });

  it('is exact for whole numbers of any size', () => {
    fc.assert(
      fc.property(fc.double({ min: 2 ** 53, noNaN: true, noDefaultInfinity: true }), (x) => {
        expect(formatFixed(x)).toBe(`${BigInt(x)}.000000`);
      }),
    );
  });

  it('has one form: sign, digits, six decimals', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (x) => {
        expect(formatFixed(x)).toMatch(/^-?(?:0|[1-9]\d*)\.\d{6}$/);
      }),
    );
  });
});

describe('divideHalfEven', () => {
  test.each([
    [1n, 2n, 0n],
    [3n, 2n, 2n],
    [5n, 2n, 2n],
    [7n, 2n, 4n],
    [2n, 3n, 1n],
    [1n, 3n, 0n],
    [6n, 3n, 2n],
  ])('%d / %d is %d', (numerator, denominator, quotient) => {
    expect(divideHalfEven(numerator, denominator)).toBe(quotient);
  });
});
