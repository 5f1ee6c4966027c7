import { describe, expect, it } from 'vitest';
import { GetRequest } from '../../../src/codec/cmap/get.ts';
import { encodeAmongDirt, readerAmongDirt } from '../../helpers/memory/memory-stage.ts';
import { reqCmapGet, resCmapGet } from '../../helpers/wire/message-builder.ts';

const response = (fields: { valueLength: number; type: number; value: string; error?: number }): Buffer =>
  resCmapGet({ error: 1, ...fields }).toBytes();

describe('GetRequest', () => {
  // Less than 64 makes corosync's stats map overrun its buffer; near 2^64 makes any map overrun its heap.
  it.each([
    [-1, 64],
    [0, 64],
    [63, 64],
    [64, 64],
    [65, 65],
    [16_384, 16_384],
    [16_385, 16_385],
    [16_386, 16_385],
    [2 ** 53, 16_385],
  ])('asked for room for %d bytes asks corosync for %d', (room, asked) => {
    const request = new GetRequest('test.key', room);
    expect(encodeAmongDirt(request)).toEqual(reqCmapGet({ key: 'test.key', valueLength: asked }).toBytes());
    expect(request.maxResponseSize).toBe(40 + asked);
  });

  it('takes CS_ERR_INVALID_PARAM for "does not fit" only while more room can be asked for', () => {
    expect(new GetRequest('test.key', 16_384).expectedErrors).toEqual([7]);
    expect(new GetRequest('test.key', 16_385).expectedErrors).toEqual([]);
  });

  it('gives undefined for a value that does not fit', () => {
    const answer = response({ valueLength: 0, type: 0, value: '00'.repeat(64), error: 7 });
    expect(new GetRequest('test.key', 64).decode(readerAmongDirt(answer), 7)).toBeUndefined();
  });

  it('ignores what lies behind the value', () => {
    const answer = response({ valueLength: 2, type: 4, value: '0201' + 'ee'.repeat(62) });
    expect(new GetRequest('test.key', 64).decode(readerAmongDirt(answer), 1)).toEqual({
      type: 'uint16',
      value: 0x102,
    });
  });

  it.each([
    ['longer than the room asked for', { valueLength: 65, type: 12, value: '00'.repeat(65) }],
    ['longer than the answer', { valueLength: 64, type: 12, value: '00'.repeat(63) }],
    ['of a length that its type cannot have', { valueLength: 3, type: 5, value: '00'.repeat(64) }],
    ['longer than memory', { valueLength: 2 ** 40, type: 12, value: '00'.repeat(64) }],
  ])('refuses a value %s', (_what, fields) => {
    expect(() => new GetRequest('test.key', 64).decode(readerAmongDirt(response(fields)), 1)).toThrow(
      expect.objectContaining({ code: 'CS_ERR_SECURITY' }),
    );
  });
});
