import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkStep, checkValue } from '../../../src/cmap/values/check-value.ts';
import { encodedValueLength, type CmapValue } from '../../../src/codec/cmap/value.ts';
import { CsError } from '../../../src/errors/index.ts';

const MAX_MESSAGE_SIZE = 1024 * 1024;
const check = (value: unknown, maxMessageSize = MAX_MESSAGE_SIZE): CmapValue =>
  checkValue('cmap_set', 'a.key', value as CmapValue, maxMessageSize);
const refusal = (code: string): unknown =>
  expect.objectContaining({ name: 'CsError', code, operation: 'cmap_set', key: 'a.key' });
const invalid = refusal('CS_ERR_INVALID_PARAM');

/** The least and the greatest of each type, from <stdint.h>. */
const RANGES = {
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32_768, 32_767],
  uint16: [0, 65_535],
  int32: [-2_147_483_648, 2_147_483_647],
  uint32: [0, 4_294_967_295],
} as const;
const BIG_RANGES = {
  int64: [-9_223_372_036_854_775_808n, 9_223_372_036_854_775_807n],
  uint64: [0n, 18_446_744_073_709_551_615n],
} as const;

describe('checkValue: integers', () => {
  it.each(Object.entries(RANGES))('%s takes its range and nothing beside it', (type, [least, most]) => {
    for (const value of [least, most, 0, -0, Math.floor((least + most) / 2)]) {
      expect(check({ type, value })).toEqual({ type, value });
    }
    for (const value of [least - 1, most + 1, 0.5, NaN, Infinity, -Infinity, 2 ** 53, -(2 ** 53)]) {
      expect(() => check({ type, value })).toThrow(invalid);
    }
  });

  it.each(Object.keys(RANGES))('%s takes numbers only', (type) => {
    for (const value of ['1', 1n, true, null, undefined, {}, [], [1], new Date(0), Symbol('1')]) {
      expect(() => check({ type, value })).toThrow(invalid);
    }
  });

  it.each(Object.entries(BIG_RANGES))('%s takes its range and nothing beside it', (type, [least, most]) => {
    for (const value of [least, most, 0n, 1n]) expect(check({ type, value })).toEqual({ type, value });
    for (const value of [least - 1n, most + 1n, 2n ** 70n])
      expect(() => check({ type, value })).toThrow(invalid);
  });

  it.each(Object.keys(BIG_RANGES))('%s takes bigints only', (type) => {
    for (const value of [1, '1', true, null, undefined, {}])
      expect(() => check({ type, value })).toThrow(invalid);
  });
});

describe('checkValue: numbers', () => {
  it.each(['float', 'double'])('%s takes every number', (type) => {
    for (const value of [0, -0, 0.1, NaN, Infinity, -Infinity, Number.MAX_VALUE, Number.MIN_VALUE]) {
      expect(check({ type, value })).toEqual({ type, value });
    }
  });

  it.each(['float', 'double'])('%s takes numbers only', (type) => {
    for (const value of ['1', 1n, null, undefined, {}]) expect(() => check({ type, value })).toThrow(invalid);
  });
});

describe('checkValue: strings', () => {
  it('take text of up to 16384 bytes', () => {
    for (const value of ['', 'a', 'é😀', '\ufeff', 'x'.repeat(16_384), 'é'.repeat(8192), '😀'.repeat(4096)]) {
      expect(check({ type: 'string', value })).toEqual({ type: 'string', value });
    }
  });

  it.each(['x'.repeat(16_385), 'é'.repeat(8193), '😀'.repeat(4096) + 'x'])('take no more', (value) => {
    expect(() => check({ type: 'string', value })).toThrow(invalid);
  });

  it.each(['\0', 'a\0', 'a\0b'])('take no NUL: %j', (value) => {
    expect(() => check({ type: 'string', value })).toThrow(invalid);
  });

  it.each(['\ud800', 'a\udc00', '\udc00\ud800'])('take no half of a surrogate pair: %j', (value) => {
    expect(() => check({ type: 'string', value })).toThrow(invalid);
  });

  it.each([1, 1n, null, undefined, {}, Buffer.from('abc')])('take strings only, not %o', (value) => {
    expect(() => check({ type: 'string', value })).toThrow(invalid);
  });

  it('with bytes are those bytes', () => {
    const value = { type: 'string', value: 'lossy \ufffd', bytes: Uint8Array.of(0xff, 0xfe) };
    expect(check(value)).toEqual(value);
    expect(() => check({ ...value, bytes: Uint8Array.of(0xff, 0) })).toThrow(invalid);
    expect(() => check({ ...value, bytes: [0xff] })).toThrow(invalid);
    expect(() => check({ ...value, bytes: 'abc' })).toThrow(invalid);
    expect(() => check({ ...value, bytes: new Uint8Array(16_385).fill(1) })).toThrow(invalid);
  });
});

describe('checkValue: binaries', () => {
  it('are copied, so that the caller can use the buffer again', () => {
    const bytes = Uint8Array.of(1, 2, 3);
    const given = { type: 'binary', value: bytes };
    const checked = check(given);
    bytes.fill(9);
    given.type = 'string';
    expect(checked).toEqual({ type: 'binary', value: Uint8Array.of(1, 2, 3) });
  });

  it('take up to 16384 bytes', () => {
    for (const value of [new Uint8Array(), Buffer.alloc(16_384), new Uint8Array(3)]) {
      expect(check({ type: 'binary', value })).toEqual({ type: 'binary', value: new Uint8Array(value) });
    }
    expect(() => check({ type: 'binary', value: new Uint8Array(16_385) })).toThrow(invalid);
  });

  it.each([
    'abc',
    [1, 2],
    5,
    null,
    undefined,
    new Uint16Array(2),
    new ArrayBuffer(4),
    new DataView(new ArrayBuffer(4)),
    Object.create(Uint8Array.prototype) as object,
    new Proxy(new Uint8Array(2), {}),
  ])('take a Uint8Array only, not %o', (value) => {
    expect(() => check({ type: 'binary', value })).toThrow(invalid);
  });
});

describe('checkValue', () => {
  it('says what cannot be read: a buffer that was given away, a getter that throws', () => {
    const bytes = Uint8Array.of(1, 2, 3);
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
    const mistake = new Error('a mistake');
    const fail = (): never => {
      throw mistake;
    };
    const values = [
      { type: 'binary', value: bytes },
      { type: 'string', value: '', bytes },
      Object.defineProperty({ type: 'uint8' }, 'value', { get: fail }),
      new Proxy({}, { has: fail }),
    ];
    for (const value of values) expect(() => check(value)).toThrow(invalid);
    for (const value of values) expect(() => check(value)).toThrow('the value cannot be read: ');
    expect(() => check(values[2])).toThrow(expect.objectContaining({ cause: mistake }));
  });

  it('reads each property once', () => {
    let read = 0;
    const value = Object.defineProperty({ type: 'uint8' }, 'value', { get: () => ++read });
    expect(check(value)).toEqual({ type: 'uint8', value: 1 });
  });

  it('tells values that do not even fit the buffer from those that only corosync refuses', () => {
    const value = { type: 'binary', value: new Uint8Array(70_000) };
    expect(() => check(value, 70_296)).toThrow(invalid);
    expect(() => check(value, 70_295)).toThrow(refusal('CS_ERR_TOO_BIG'));
  });

  it.each([undefined, null, 5, 'text', Symbol('x'), {}, { type: 'int8' }, { value: 1 }, [], () => 1])(
    'refuses %o, which is no tagged value, and says what is one',
    (value) => {
      expect(() => check(value)).toThrow(invalid);
      expect(() => check(value)).toThrow('{ type, value }');
    },
  );

  it.each([
    'unknown',
    'int128',
    'toString',
    'constructor',
    '__proto__',
    'INT8',
    '',
    5,
    null,
    undefined,
    Symbol('int8'),
  ])('refuses the type %o', (type) => {
    expect(() => check({ type, value: 1 })).toThrow(invalid);
  });

  it('refuses a value of unknown type that was read: corosync would store junk', () => {
    expect(() => check({ type: 'unknown', typeCode: 44, value: new Uint8Array() })).toThrow(invalid);
  });

  it('says what is wrong', () => {
    expect(() => check({ type: 'uint8', value: 256 })).toThrow(/uint8 ranges from 0 to 255; 256 is outside/);
    expect(() => check({ type: 'int64', value: 5 })).toThrow(/int64 takes a bigint \(such as 5n\), not 5/);
    expect(() => check({ type: 'string', value: 5n })).toThrow(/string takes a string, not /);
  });

  it('lets nothing through that would not fit, and throws nothing but CsError, whatever it is given', () => {
    const type = fc.oneof(
      fc.constantFrom(
        ...Object.keys(RANGES),
        ...Object.keys(BIG_RANGES),
        'float',
        'double',
        'string',
        'binary',
      ),
      fc.anything({ withBigInt: true }),
    );
    const value = fc.oneof(
      fc.anything({ withBigInt: true }),
      fc.record({ type, value: fc.anything({ withBigInt: true }) }),
    );
    fc.assert(
      fc.property(value, (candidate) => {
        try {
          expect(encodedValueLength(check(candidate))).toBeLessThanOrEqual(16_384);
        } catch (error) {
          if (!(error instanceof CsError)) throw error;
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('checkStep', () => {
  it('takes any int32', () => {
    for (const step of [0, 1, -1, 2 ** 31 - 1, -(2 ** 31)]) expect(checkStep('op', 'a.key', step)).toBe(step);
  });

  it.each([2 ** 31, -(2 ** 31) - 1, 0.5, NaN, Infinity, '1', 1n, null, undefined])('refuses %o', (step) => {
    expect(() => checkStep('op', 'a.key', step as never)).toThrow(
      expect.objectContaining({ code: 'CS_ERR_INVALID_PARAM', operation: 'op', key: 'a.key' }),
    );
  });
});
