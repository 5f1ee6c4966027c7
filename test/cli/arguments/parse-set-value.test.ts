import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { parseBase64, parseNumber, parseType } from '../../../src/cli/arguments/parse-set-value.ts';

describe('parseType', () => {
  it('knows short and long names', () => {
    expect(parseType('u16')).toBe('uint16');
    expect(parseType('uint16')).toBe('uint16');
    expect(parseType('bin')).toBe('binary');
    expect(() => parseType('u9')).toThrow('unknown type u9: use one of i8 u8 i16');
    expect(() => parseType('constructor')).toThrow('unknown type');
  });
});

describe('parseNumber', () => {
  test.each([
    ['uint8', '0', 0],
    ['uint8', '255', 255],
    ['uint8', '0xff', 255],
    ['int8', '-128', -128],
    ['int8', '+127', 127],
    ['uint32', '4294967295', 4294967295],
    ['float', '0.1', Math.fround(0.1)],
    ['double', '-1.5e3', -1500],
    ['double', '.5', 0.5],
    ['double', 'inf', Infinity],
    ['float', '-Infinity', -Infinity],
    ['double', 'nan', NaN],
  ] as const)('%s %s', (type, text, value) => {
    expect(parseNumber(type, text)).toEqual({ type, value });
  });

  test.each([
    ['uint8', '300', '300 is out of range for uint8: 0..255'],
    ['uint8', '-1', '-1 is out of range for uint8: 0..255'],
    ['int64', '9223372036854775808', 'out of range for int64: -9223372036854775808..9223372036854775807'],
    ['uint8', '', ' is not a whole number'],
    ['uint8', ' 1', ' 1 is not a whole number'],
    ['uint8', '1x', '1x is not a whole number'],
    ['uint8', '1.0', '1.0 is not a whole number'],
    ['uint8', '0x', '0x is not a whole number'],
    ['float', '1x', '1x is not a number'],
    ['float', '0x10', '0x10 is not a number'],
    ['float', '', ' is not a number'],
    ['float', '1e39', '1e39 is out of range for float'],
    ['double', '1e309', '1e309 is out of range for double'],
  ] as const)('%s %j is refused', (type, text, message) => {
    expect(() => parseNumber(type, text)).toThrow(message);
  });

  it('takes every 64-bit integer', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (x) => {
        expect(parseNumber('uint64', String(x))).toEqual({ type: 'uint64', value: x });
        const signed = BigInt.asIntN(64, x);
        expect(parseNumber('int64', String(signed))).toEqual({ type: 'int64', value: signed });
      }),
    );
  });
});

describe('parseBase64', () => {
  it('takes what it would write', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const text = Buffer.from(bytes).toString('base64');
        expect([...parseBase64(text)]).toEqual([...bytes]);
        expect([...parseBase64(text.replace(/=*$/, ''))]).toEqual([...bytes]);
      }),
    );
  });

  test.each(['A', 'AA=', 'A A=', '!!!!', 'AB==='])('refuses %j', (text) => {
    expect(() => parseBase64(text)).toThrow('the value is not base64');
  });
});
