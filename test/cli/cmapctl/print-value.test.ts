import { describe, expect, it, test } from 'vitest';
import { hasSignedChar, printKey, type PrintStyle } from '../../../src/cli/cmapctl/print-value.ts';
import type { CmapValue } from '../../../src/index.ts';

const PLAIN: PrintStyle = { quiet: false, showBinary: false, signedChar: true };
const BINARY: CmapValue = {
  type: 'binary',
  value: Uint8Array.of(0x41, 0, 0x0a, 0x5c, 0x7e, 0x7f, 0x80, 0xff),
};

describe('printKey', () => {
  test.each<[CmapValue, string]>([
    [{ type: 'int8', value: -128 }, 'k (i8) = -128\n'],
    [{ type: 'uint8', value: 255 }, 'k (u8) = 255\n'],
    [{ type: 'int64', value: -(2n ** 63n) }, 'k (i64) = -9223372036854775808\n'],
    [{ type: 'uint64', value: 2n ** 64n - 1n }, 'k (u64) = 18446744073709551615\n'],
    [{ type: 'float', value: Math.fround(0.1) }, 'k (flt) = 0.100000\n'],
    [{ type: 'double', value: 1e22 }, 'k (dbl) = 10000000000000000000000.000000\n'],
    [{ type: 'string', value: '' }, 'k (str) = \n'],
    [{ type: 'string', value: 'a\nb' }, 'k (str) = a\nb\n'],
    [{ type: 'string', value: 'é' }, 'k (str) = \xc3\xa9\n'],
    [{ type: 'string', value: '\ufffd', bytes: Uint8Array.of(0xe9) }, 'k (str) = \xe9\n'],
    [BINARY, 'k (bin)\n'],
    [{ type: 'unknown', typeCode: 44, value: new Uint8Array() }, 'k (\n'],
  ])('%o', (value, expected) => {
    expect(printKey('k', value, PLAIN)).toBe(expected);
  });

  it('shows binaries on request, with the sign of char', () => {
    expect(printKey('k', BINARY, { ...PLAIN, showBinary: true })).toBe(
      'k (bin) = A\\x00\\x0A\\\\~\\x7F\\xFFFFFF80\\xFFFFFFFF\n',
    );
    expect(printKey('k', BINARY, { ...PLAIN, showBinary: true, signedChar: false })).toBe(
      'k (bin) = A\\x00\\x0A\\\\~\\x7F\\x80\\xFF\n',
    );
  });

  it('prints values alone when quiet, except for binaries', () => {
    expect(printKey('k', { type: 'uint32', value: 5 }, { ...PLAIN, quiet: true })).toBe('5\n');
    expect(printKey('k', BINARY, { ...PLAIN, quiet: true })).toBe('bin)\n');
    expect(printKey('k', undefined, { ...PLAIN, quiet: true })).toBe('\n');
  });

  it('knows where char is signed', () => {
    expect(hasSignedChar('x64')).toBe(true);
    expect(hasSignedChar('arm64')).toBe(false);
  });
});
