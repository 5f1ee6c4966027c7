import { describe, expect, it } from 'vitest';
import { TypedAccess } from '../../../src/cmap/values/typed-access.ts';
import type { CmapValue } from '../../../src/codec/cmap/value.ts';
import type { CallOptions } from '../../../src/options/call-options.ts';

const OPTIONS: CallOptions = { timeoutMs: 5 };

/** A map of one value that remembers what it was asked. */
class OneValue extends TypedAccess {
  stored: CmapValue = { type: 'int8', value: 0 };
  readonly calls: [string, string, CallOptions | undefined][] = [];

  get(key: string, options?: CallOptions): Promise<CmapValue> {
    this.calls.push(['get', key, options]);
    return Promise.resolve(this.stored);
  }

  set(key: string, value: CmapValue, options?: CallOptions): Promise<void> {
    this.calls.push(['set', key, options]);
    this.stored = value;
    return Promise.resolve();
  }
}

/** All 24 methods. */
const METHODS: readonly {
  type: CmapValue['type'];
  value: unknown;
  get: (map: OneValue) => Promise<unknown>;
  set: (map: OneValue) => Promise<void>;
}[] = [
  {
    type: 'int8',
    value: -1,
    get: (map) => map.getInt8('k.1', OPTIONS),
    set: (map) => map.setInt8('k.1', -1, OPTIONS),
  },
  {
    type: 'uint8',
    value: 2,
    get: (map) => map.getUint8('k.1', OPTIONS),
    set: (map) => map.setUint8('k.1', 2, OPTIONS),
  },
  {
    type: 'int16',
    value: -3,
    get: (map) => map.getInt16('k.1', OPTIONS),
    set: (map) => map.setInt16('k.1', -3, OPTIONS),
  },
  {
    type: 'uint16',
    value: 4,
    get: (map) => map.getUint16('k.1', OPTIONS),
    set: (map) => map.setUint16('k.1', 4, OPTIONS),
  },
  {
    type: 'int32',
    value: -5,
    get: (map) => map.getInt32('k.1', OPTIONS),
    set: (map) => map.setInt32('k.1', -5, OPTIONS),
  },
  {
    type: 'uint32',
    value: 6,
    get: (map) => map.getUint32('k.1', OPTIONS),
    set: (map) => map.setUint32('k.1', 6, OPTIONS),
  },
  {
    type: 'int64',
    value: -7n,
    get: (map) => map.getInt64('k.1', OPTIONS),
    set: (map) => map.setInt64('k.1', -7n, OPTIONS),
  },
  {
    type: 'uint64',
    value: 8n,
    get: (map) => map.getUint64('k.1', OPTIONS),
    set: (map) => map.setUint64('k.1', 8n, OPTIONS),
  },
  {
    type: 'float',
    value: 0.5,
    get: (map) => map.getFloat('k.1', OPTIONS),
    set: (map) => map.setFloat('k.1', 0.5, OPTIONS),
  },
  {
    type: 'double',
    value: 0.1,
    get: (map) => map.getDouble('k.1', OPTIONS),
    set: (map) => map.setDouble('k.1', 0.1, OPTIONS),
  },
  {
    type: 'string',
    value: 'text',
    get: (map) => map.getString('k.1', OPTIONS),
    set: (map) => map.setString('k.1', 'text', OPTIONS),
  },
  {
    type: 'binary',
    value: Uint8Array.of(1, 2),
    get: (map) => map.getBinary('k.1', OPTIONS),
    set: (map) => map.setBinary('k.1', Uint8Array.of(1, 2), OPTIONS),
  },
];
const VALUES = METHODS.map(({ type, value }) => ({ type, value }) as CmapValue);

describe('TypedAccess', () => {
  it('is tested as a whole', () => {
    const methods = Object.getOwnPropertyNames(TypedAccess.prototype).filter((name) => /^[gs]et/.test(name));
    expect(methods).toHaveLength(METHODS.length * 2);
    expect(new Set(METHODS.map(({ type }) => type)).size).toBe(12);
  });

  it.each(METHODS)(
    '$type: set and get pass on type, value, key and options',
    async ({ type, value, get, set }) => {
      const map = new OneValue();
      await set(map);
      expect(map.stored).toEqual({ type, value });
      expect(await get(map)).toEqual(value);
      expect(map.calls).toEqual([
        ['set', 'k.1', OPTIONS],
        ['get', 'k.1', OPTIONS],
      ]);
    },
  );

  it.each(METHODS)('$type: get takes no value of any other type', async ({ type, get }) => {
    const others: CmapValue[] = [
      ...VALUES.filter((value) => value.type !== type),
      { type: 'unknown', typeCode: 44, value: new Uint8Array() },
    ];
    expect(others).toHaveLength(12);
    for (const stored of others) {
      const map = new OneValue();
      map.stored = stored;
      await expect(get(map)).rejects.toMatchObject({
        name: 'CsError',
        code: 'CS_ERR_INVALID_PARAM',
        operation: `cmap_get_${type}`,
        key: 'k.1',
        // The value has been read.
        sent: 'yes',
      });
    }
  });
});
