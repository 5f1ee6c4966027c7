import { describe, expect, it } from 'vitest';
import { MessageReader } from '../../src/codec/message-reader.ts';
import { MessageWriter } from '../../src/codec/message-writer.ts';

describe('MessageWriter', () => {
  it('clears exactly the message that begins', () => {
    const buffer = Buffer.alloc(12, 0xee);
    new MessageWriter(buffer).begin(4, 5);
    expect(buffer.toString('hex')).toBe('eeeeeeee0000000000eeeeee');
  });

  it('does not begin a message that does not fit', () => {
    const writer = new MessageWriter(Buffer.alloc(12));
    expect(() => writer.begin(8, 4)).not.toThrow();
    expect(() => writer.begin(8, 5)).toThrow(RangeError);
  });

  it('writes what a reader reads', () => {
    const writer = new MessageWriter(Buffer.alloc(80)).begin(3, 70);
    writer.u8(0, 255);
    writer.i8(1, -128);
    writer.u16(2, 65_535);
    writer.i16(4, -32_768);
    writer.u32(6, 2 ** 32 - 1);
    writer.i32(10, -(2 ** 31));
    writer.u64(14, 2n ** 64n - 1n);
    writer.i64(22, -(2n ** 63n));
    writer.f32(30, 1.5);
    writer.f64(34, Math.PI);
    writer.size(42, 2 ** 31 - 1);
    writer.latin1(50, 'a\u00ff');
    writer.copy(52, Uint8Array.of(1, 2));
    const reader = new MessageReader(writer.bytes).moveTo(3, 70);
    expect([reader.u8(0), reader.i8(1), reader.u16(2), reader.i16(4)]).toEqual([255, -128, 65_535, -32_768]);
    expect([reader.u32(6), reader.i32(10)]).toEqual([2 ** 32 - 1, -(2 ** 31)]);
    expect([reader.u64(14), reader.i64(22)]).toEqual([2n ** 64n - 1n, -(2n ** 63n)]);
    expect([reader.f32(30), reader.f64(34), reader.size(42)]).toEqual([1.5, Math.PI, 2 ** 31 - 1]);
    expect([reader.latin1(50, 2), [...reader.copy(52, 2)]]).toEqual(['a\u00ff', [1, 2]]);
  });

  it('moves on without clearing', () => {
    const writer = new MessageWriter(Buffer.alloc(8, 0xee)).begin(0, 8);
    writer.u8(0, 1);
    writer.at(4).u8(0, 2);
    expect(writer.bytes.toString('hex')).toBe('0100000002000000');
  });
});
