import { describe, expect, it } from 'vitest';
import { parseValue } from '../../../src/cli/cmapctl/parse-value.ts';

const TYPES = { i8: 'int8', u8: 'uint8', i16: 'int16', u16: 'uint16', i32: 'int32', u32: 'uint32' } as const;

describe('parseValue', () => {
  it.each([
    ['i8', '127', 127],
    ['i8', '-128', -128],
    ['u8', '255', 255],
    ['i16', '32767', 32767],
    ['u16', '65535', 65535],
    ['i32', '2147483647', 2147483647],
    ['i32', '999999999', 999999999],
    ['u32', '4294967295', 4294967295],
    ['u8', '007', 7],
    ['u8', ' +5x', 5],
  ] as const)('%s %j', (type, text, value) => {
    expect(parseValue(type, text)).toEqual({ kind: 'value', value: { type: TYPES[type], value } });
  });

  it.each([
    ['i8', '128'],
    ['i8', '-129'],
    ['u8', '256'],
    ['i16', '32768'],
    ['u16', '65536'],
    ['i32', '2147483648'],
    ['u32', '4294967296'],
  ])('%s %s is out of range', (type, text) => {
    expect(parseValue(type, text)).toEqual({
      kind: 'error',
      message: `${text} is not valid ${type} integer`,
    });
  });

  it.each([
    ['i64', 'int64', '5', 5n],
    ['u64', 'uint64', '18446744073709551615', 2n ** 64n - 1n],
  ])('%s is a bigint', (type, name, text, value) => {
    expect(parseValue(type, text)).toEqual({ kind: 'value', value: { type: name, value } });
  });
});
