import { describe, expect, it } from 'vitest';
import { textField, u32Field, u64Field } from '../../src/codec/encodable.ts';
import { malformed } from '../../src/codec/malformed.ts';

const refused: unknown = expect.objectContaining({
  name: 'CsError',
  code: 'CS_ERR_INVALID_PARAM',
  operation: 'some_call',
  sent: 'no',
});

describe('fields of a request', () => {
  it('of 32 bits take what fits, and nothing else', () => {
    for (const value of [0, 1, 0xffff_ffff]) expect(u32Field('some_call', 'votes', value)).toBe(value);
    for (const value of [-1, 0x1_0000_0000, 0.5, NaN])
      expect(() => u32Field('some_call', 'votes', value)).toThrow(refused);
  });

  it('of 64 bits take what fits, and nothing else', () => {
    for (const value of [0n, 1n, 2n ** 64n - 1n]) expect(u64Field('some_call', 'handle', value)).toBe(value);
    for (const value of [-1n, 2n ** 64n])
      expect(() => u64Field('some_call', 'handle', value)).toThrow(refused);
  });

  it('of text count bytes, not characters', () => {
    expect(textField('some_call', 'name', 'é', 2, 2)).toEqual(Buffer.from('é'));
    expect(textField('some_call', 'name', '', 0, 0)).toHaveLength(0);
    for (const text of ['', 'ééé', 'a\0'])
      expect(() => textField('some_call', 'name', text, 1, 5)).toThrow(refused);
  });
});

describe('what arrives and breaks the protocol', () => {
  it('is a ConnectionError that says what it was doing', () => {
    expect(malformed('half a message')).toMatchObject({
      name: 'ConnectionError',
      code: 'CS_ERR_SECURITY',
      operation: 'decode',
      detail: 'half a message',
    });
  });
});
