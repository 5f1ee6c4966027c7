import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeResponseHeader, encodeRequestHeader } from '../../src/codec/header.ts';
import { MessageWriter } from '../../src/codec/message-writer.ts';
import { readerAmongDirt } from '../helpers/memory/memory-stage.ts';
import { requestHeader, responseHeader } from '../helpers/wire/message-builder.ts';

describe('headers', () => {
  it('of requests are id and size', () => {
    const writer = new MessageWriter(Buffer.alloc(16, 0xee)).begin(0, 16);
    encodeRequestHeader(writer, { requestId: -1, size: 4711 });
    expect(writer.bytes).toEqual(requestHeader(-1, 4711).toBytes());
  });

  it('of responses are id and error', () => {
    const header = readerAmongDirt(responseHeader(10, 24, -5).toBytes());
    expect(decodeResponseHeader(header)).toEqual({ id: 10, error: -5 });
  });

  it('of responses state the size that arrived, or are refused', () => {
    const sizes = fc.oneof(
      fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
      fc.integer({ min: 0, max: 60 }),
    );
    fc.assert(
      fc.property(sizes, fc.integer({ min: 24, max: 60 }), (stated, arrived) => {
        const bytes = Buffer.concat([responseHeader(1, stated, 1).toBytes(), Buffer.alloc(arrived - 24)]);
        const decode = (): unknown => decodeResponseHeader(readerAmongDirt(bytes));
        if (stated === arrived) expect(decode()).toEqual({ id: 1, error: 1 });
        else expect(decode).toThrow(expect.objectContaining({ code: 'CS_ERR_SECURITY' }));
      }),
    );
  });
});
