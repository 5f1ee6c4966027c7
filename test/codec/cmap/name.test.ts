import { describe, expect, it } from 'vitest';
import { decodeName, encodeName, MAX_NAME_LENGTH } from '../../../src/codec/cmap/name.ts';
import { MessageWriter } from '../../../src/codec/message-writer.ts';
import { readerAmongDirt } from '../../helpers/memory/memory-stage.ts';

/** struct mar_name_t: u16 length at 0, 256 bytes at 8. */
function encode(text: string): Buffer {
  const buffer = Buffer.alloc(264, 0xee);
  encodeName(new MessageWriter(buffer).begin(0, 264), 0, text);
  return buffer;
}

function nameOf(length: number, text = ''): Buffer {
  const name = Buffer.alloc(264);
  name.writeUInt16LE(length, 0);
  name.write(text, 8, 'latin1');
  return name;
}

describe('names', () => {
  it('are length, padding, bytes and NULs', () => {
    expect(encode('abc')).toEqual(nameOf(3, 'abc'));
    expect(encode('')).toEqual(nameOf(0));
  });

  it('leave room for one NUL: corosync reads them as C strings', () => {
    expect(MAX_NAME_LENGTH).toBe(255);
    expect(encode('k'.repeat(255))[263]).toBe(0);
  });

  it('come back as they were', () => {
    for (const text of ['', 'a', 'totem.cluster_name', 'k'.repeat(255), '\u00ff\u0080']) {
      expect(decodeName(readerAmongDirt(encode(text)), 0)).toBe(text);
    }
  });

  it.each([256, 257, 0x7fff, 0xffff])('of %d bytes are refused', (length) => {
    expect(() => decodeName(readerAmongDirt(nameOf(length)), 0)).toThrow(
      expect.objectContaining({ code: 'CS_ERR_SECURITY' }),
    );
  });
});
