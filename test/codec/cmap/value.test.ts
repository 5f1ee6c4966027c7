import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeValue,
  encodedValueLength,
  encodeValue,
  valueTypeName,
  VALUE_TYPE_CODES,
  type CmapValue,
} from '../../../src/codec/cmap/value.ts';
import { MessageWriter } from '../../../src/codec/message-writer.ts';
import { readerAmongDirt } from '../../helpers/memory/memory-stage.ts';

/** cmap_value_types_t of corosync/cmap.h. */
const TYPE_CODES = {
  int8: 1,
  uint8: 2,
  int16: 3,
  uint16: 4,
  int32: 5,
  uint32: 6,
  int64: 7,
  uint64: 8,
  float: 9,
  double: 10,
  string: 11,
  binary: 12,
};

function encode(value: CmapValue): Buffer {
  const length = encodedValueLength(value);
  const buffer = Buffer.alloc(length + 16, 0xee);
  encodeValue(new MessageWriter(buffer).begin(8, length), 0, value);
  expect(buffer.subarray(8 + length)).toEqual(Buffer.alloc(8, 0xee));
  return buffer.subarray(8, 8 + length);
}

function decode(type: keyof typeof TYPE_CODES | number, bytes: Uint8Array): CmapValue {
  const code = typeof type === 'number' ? type : TYPE_CODES[type];
  return decodeValue(readerAmongDirt(bytes), 0, code, bytes.length);
}

const integer = (
  type: 'int8' | 'uint8' | 'int16' | 'uint16' | 'int32' | 'uint32',
  min: number,
  max: number,
): fc.Arbitrary<CmapValue> => fc.record({ type: fc.constant(type), value: fc.integer({ min, max }) });

const VALUES: Readonly<Record<keyof typeof TYPE_CODES, fc.Arbitrary<CmapValue>>> = {
  int8: integer('int8', -128, 127),
  uint8: integer('uint8', 0, 255),
  int16: integer('int16', -32_768, 32_767),
  uint16: integer('uint16', 0, 65_535),
  int32: integer('int32', -(2 ** 31), 2 ** 31 - 1),
  uint32: integer('uint32', 0, 2 ** 32 - 1),
  int64: fc.record({
    type: fc.constant('int64'),
    value: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  }),
  uint64: fc.record({ type: fc.constant('uint64'), value: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }) }),
  float: fc.record({ type: fc.constant('float'), value: fc.float() }),
  double: fc.record({ type: fc.constant('double'), value: fc.double() }),
  string: fc.record({
    type: fc.constant('string'),
    value: fc.string({ unit: 'binary', maxLength: 300 }).filter((text) => !text.includes('\0')),
  }),
  binary: fc.record({ type: fc.constant('binary'), value: fc.uint8Array({ maxLength: 300 }) }),
};
const TYPES = Object.keys(VALUES) as (keyof typeof TYPE_CODES)[];

describe('values', () => {
  it('have the type codes of corosync/cmap.h', () => {
    expect(VALUE_TYPE_CODES).toEqual(TYPE_CODES);
    expect(TYPES.map((type) => valueTypeName(TYPE_CODES[type]))).toEqual(TYPES);
    expect([0, 13, 44, 255].map(valueTypeName)).toEqual(['unknown', 'unknown', 'unknown', 'unknown']);
  });

  it.each(TYPES)('of type %s survive the way to the wire and back', (type) => {
    fc.assert(
      fc.property(VALUES[type], (value) => {
        expect(decode(type, encode(value))).toEqual(value);
      }),
      { numRuns: 300 },
    );
  });

  it.each<[CmapValue, string]>([
    [{ type: 'int8', value: -128 }, '80'],
    [{ type: 'int8', value: 127 }, '7f'],
    [{ type: 'uint8', value: 255 }, 'ff'],
    [{ type: 'int16', value: -32_768 }, '0080'],
    [{ type: 'uint16', value: 65_535 }, 'ffff'],
    [{ type: 'uint16', value: 1 }, '0100'],
    [{ type: 'int32', value: -(2 ** 31) }, '00000080'],
    [{ type: 'uint32', value: 2 ** 32 - 1 }, 'ffffffff'],
    [{ type: 'int64', value: -(2n ** 63n) }, '0000000000000080'],
    [{ type: 'int64', value: -1n }, 'ffffffffffffffff'],
    [{ type: 'uint64', value: 2n ** 64n - 1n }, 'ffffffffffffffff'],
    [{ type: 'float', value: 1 }, '0000803f'],
    [{ type: 'float', value: -0 }, '00000080'],
    [{ type: 'float', value: Infinity }, '0000807f'],
    [{ type: 'float', value: NaN }, '0000c07f'],
    [{ type: 'double', value: -Infinity }, '000000000000f0ff'],
    [{ type: 'double', value: Number.MIN_VALUE }, '0100000000000000'],
    [{ type: 'double', value: NaN }, '000000000000f87f'],
    [{ type: 'string', value: '' }, ''],
    [{ type: 'string', value: 'aé€😀' }, '61c3a9e282acf09f9880'],
    [{ type: 'string', value: '\ufeffx' }, 'efbbbf78'],
    [{ type: 'string', value: '\ufffd' }, 'efbfbd'],
    [{ type: 'binary', value: new Uint8Array() }, ''],
  ])('%o is %s on a little-endian wire', (value, hex) => {
    expect(encode(value).toString('hex')).toBe(hex);
    expect(decode(value.type as keyof typeof TYPE_CODES, Buffer.from(hex, 'hex'))).toEqual(value);
  });

  it('of type float are rounded to 32 bits', () => {
    expect(decode('float', encode({ type: 'float', value: 0.1 }))).toEqual({
      type: 'float',
      value: Math.fround(0.1),
    });
  });

  it.each([
    ['616200', 'ab'],
    ['00', ''],
    ['6100620000', 'a'],
    ['6162', 'ab'],
  ])('of type string end at the first NUL: %s', (hex, value) => {
    expect(decode('string', Buffer.from(hex, 'hex'))).toEqual({ type: 'string', value });
  });

  it('of type string that are not UTF-8 keep their bytes, and go back unchanged', () => {
    const latin1 = Buffer.from('5ac3bc72fc6368', 'hex');
    const value = decode('string', Buffer.concat([latin1, Buffer.alloc(1)]));
    expect(value).toEqual({ type: 'string', value: 'Zür\ufffdch', bytes: new Uint8Array(latin1) });
    expect(encode(value)).toEqual(latin1);
  });

  it('of type string carry bytes only if the text alone would lose something', () => {
    const plain = decodeValue(readerAmongDirt(Buffer.from('text')), 0, 11, 4);
    expect(plain).not.toHaveProperty('bytes');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const value = decode('string', bytes);
        if (value.type !== 'string') throw new Error(`decoded as ${value.type}`);
        const text = bytes.subarray(0, bytes.includes(0) ? bytes.indexOf(0) : bytes.length);
        const isUtf8 = Buffer.from(Buffer.from(text).toString()).equals(text);
        expect(value.bytes).toEqual(isUtf8 ? undefined : new Uint8Array(text));
        expect(encode(value)).toEqual(Buffer.from(text));
      }),
      { numRuns: 2000 },
    );
  });

  it('of a type that corosync does not define keep code and bytes', () => {
    expect(decode(44, Uint8Array.of(1, 2))).toEqual({
      type: 'unknown',
      typeCode: 44,
      value: Uint8Array.of(1, 2),
    });
    expect(decode(0, new Uint8Array())).toEqual({ type: 'unknown', typeCode: 0, value: new Uint8Array() });
  });

  it('are refused if the length contradicts the type', () => {
    const sizes = {
      int8: 1,
      uint8: 1,
      int16: 2,
      uint16: 2,
      int32: 4,
      uint32: 4,
      int64: 8,
      uint64: 8,
      float: 4,
      double: 8,
    };
    for (const [type, size] of Object.entries(sizes)) {
      for (let length = 0; length <= 16; length++) {
        const attempt = (): CmapValue => decode(type as keyof typeof sizes, new Uint8Array(length));
        if (length === size) expect(attempt().type).toBe(type);
        else expect(attempt).toThrow(expect.objectContaining({ code: 'CS_ERR_SECURITY' }));
      }
    }
  });

  it('are copies: the window that they were read from may be used again', () => {
    const reader = readerAmongDirt(Uint8Array.of(1, 2, 0xff));
    const binary = decodeValue(reader, 0, TYPE_CODES.binary, 3);
    const string = decodeValue(reader, 0, TYPE_CODES.string, 3);
    if (binary.type !== 'binary' || string.type !== 'string') throw new Error('decoded as something else');
    expect(binary.value.buffer.byteLength).toBe(3);
    expect(string.bytes?.buffer.byteLength).toBe(3);
  });
});
