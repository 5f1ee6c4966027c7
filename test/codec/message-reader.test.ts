import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MessageReader } from '../../src/codec/message-reader.ts';

const malformed: unknown = expect.objectContaining({ name: 'ConnectionError', code: 'CS_ERR_SECURITY' });

/** Every accessor with the bytes it needs. */
const ACCESSORS: readonly (readonly [string, number, (reader: MessageReader, offset: number) => unknown])[] =
  [
    ['u8', 1, (reader, offset) => reader.u8(offset)],
    ['i8', 1, (reader, offset) => reader.i8(offset)],
    ['u16', 2, (reader, offset) => reader.u16(offset)],
    ['i16', 2, (reader, offset) => reader.i16(offset)],
    ['u32', 4, (reader, offset) => reader.u32(offset)],
    ['i32', 4, (reader, offset) => reader.i32(offset)],
    ['u64', 8, (reader, offset) => reader.u64(offset)],
    ['i64', 8, (reader, offset) => reader.i64(offset)],
    ['f32', 4, (reader, offset) => reader.f32(offset)],
    ['f64', 8, (reader, offset) => reader.f64(offset)],
    ['size', 8, (reader, offset) => reader.size(offset)],
    ['latin1', 5, (reader, offset) => reader.latin1(offset, 5)],
    ['utf8', 5, (reader, offset) => reader.utf8(offset, 5)],
    ['lengthToNul', 5, (reader, offset) => reader.lengthToNul(offset, 5)],
    ['copy', 5, (reader, offset) => reader.copy(offset, 5)],
    ['copyTo', 5, (reader, offset) => reader.copyTo(new Uint8Array(5), 0, offset, 5)],
  ];

describe('MessageReader', () => {
  it.each(ACCESSORS)('%s reads up to the end of the window and not beyond', (_name, size, read) => {
    const reader = new MessageReader(Buffer.alloc(64));
    for (const [start, length] of [
      [0, 64],
      [0, 20],
      [13, 20],
      [44, 20],
    ] as const) {
      reader.moveTo(start, length);
      expect(() => read(reader, length - size)).not.toThrow();
      for (let offset = length - size + 1; offset < length + 12; offset++) {
        expect(() => read(reader, offset)).toThrow(malformed);
      }
    }
  });

  it('reads integers in the byte order of the host', () => {
    const bytes = Buffer.from('80ff7f0102030405', 'hex');
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const host = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
    const reader = new MessageReader(bytes);
    expect([reader.u8(0), reader.i8(0), reader.i8(1)]).toEqual([0x80, -128, -1]);
    expect([reader.u16(0), reader.i16(0)]).toEqual([view.getUint16(0, host), view.getInt16(0, host)]);
    expect([reader.u32(0), reader.i32(0)]).toEqual([view.getUint32(0, host), view.getInt32(0, host)]);
    expect([reader.u64(0), reader.i64(0)]).toEqual([view.getBigUint64(0, host), view.getBigInt64(0, host)]);
  });

  it('is relative to its window', () => {
    const reader = new MessageReader(Buffer.from([1, 2, 3, 4, 5, 6, 7, 8]));
    expect(reader.length).toBe(8);
    expect(reader.moveTo(2, 4).length).toBe(4);
    expect(reader.u8(0)).toBe(3);
    expect([...reader.copy(1, 3)]).toEqual([4, 5, 6]);
  });

  it('works on a slice of a larger buffer', () => {
    const slice = Buffer.from([9, 9, 9, 1, 2, 9, 9]).subarray(3, 5);
    const reader = new MessageReader(slice);
    expect([...reader.copy(0, 2)]).toEqual([1, 2]);
    expect(reader.u8(1)).toBe(2);
    expect(() => reader.u8(2)).toThrow(malformed);
  });

  it.each([
    [-1, 4],
    [0, 9],
    [8, 1],
    [9, 0],
    [4, 5],
    [0, -1],
    [2 ** 32, 1],
  ])('does not move to %d, %d of 8 bytes', (start, length) => {
    expect(() => new MessageReader(Buffer.alloc(8)).moveTo(start, length)).toThrow(malformed);
  });

  it.each([
    [0n, 0],
    [1n, 1],
    [2n ** 31n - 1n, 2 ** 31 - 1],
  ])('reads the size %d', (wire, size) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(wire);
    expect(new MessageReader(bytes).size(0)).toBe(size);
  });

  it.each([2n ** 31n, 2n ** 32n, 2n ** 32n + 1n, 2n ** 63n, 2n ** 64n - 1n])(
    'refuses the size %d',
    (wire) => {
      const bytes = Buffer.alloc(8);
      bytes.writeBigUInt64LE(wire);
      expect(() => new MessageReader(bytes).size(0)).toThrow(malformed);
    },
  );

  it('finds the first NUL within the given length only', () => {
    const text = fc.uint8Array({ minLength: 1, maxLength: 30, max: 3 });
    fc.assert(
      fc.property(text, fc.nat(30), fc.nat(30), (bytes, offset, length) => {
        fc.pre(offset + length <= bytes.length);
        const part = bytes.subarray(offset, offset + length);
        const expected = part.includes(0) ? part.indexOf(0) : length;
        expect(new MessageReader(Buffer.from(bytes)).lengthToNul(offset, length)).toBe(expected);
      }),
    );
  });

  it('gives away the bytes themselves where they are many, and most of the buffer', () => {
    const bytes = Buffer.alloc(40_000, 7);
    const reader = new MessageReader(bytes).moveTo(100, 39_000);
    const few = reader.take(0, 16_383);
    expect({ length: few.length, isTaken: reader.isTaken }).toEqual({ length: 16_383, isTaken: false });
    const many = reader.take(1, 16_384);
    expect(reader.isTaken).toBe(true);
    bytes.fill(9);
    expect([few[0], many[0], many.length]).toEqual([7, 9, 16_384]);
    expect(() => reader.take(30_000, 16_384)).toThrow(malformed);
    const small = new MessageReader(Buffer.alloc(100_000, 7));
    small.take(0, 20_000);
    expect(small.isTaken).toBe(false);
  });
});
