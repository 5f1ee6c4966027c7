import { describe, expect, it } from 'vitest';
import { checkSet } from '../../../src/cmap/values/check-set.ts';
import type { CmapMap } from '../../../src/codec/cmap/set-current-map.ts';
import type { CmapValue } from '../../../src/codec/cmap/value.ts';

const FINE: CmapValue = { type: 'uint8', value: 1 };
const OUT_OF_RANGE: CmapValue = { type: 'uint8', value: 256 };
/** More than the buffer has room for. */
const HUGE: CmapValue = { type: 'binary', value: new Uint8Array(70_000) };

const check = (key: string, value: CmapValue, map: CmapMap = 'icmap'): CmapValue =>
  checkSet(key, value, { map, bufferSize: 65_536 });
const refusal = (code: string): unknown =>
  expect.objectContaining({ name: 'CsError', code, operation: 'cmap_set' });

describe('checkSet', () => {
  it('returns the value, and leaves it to corosync whether a key that can be is read-only', () => {
    expect(check('a.key', FINE)).toEqual(FINE);
    expect(check('totem.version', FINE)).toEqual(FINE);
    expect(check('runtime.config.key', FINE)).toEqual(FINE);
    expect(check('stats.clear.ipc', FINE, 'stats')).toEqual(FINE);
  });
});

describe('of several mistakes, checkSet tells the one that corosync finds first', () => {
  it.each([
    ['a key with a NUL, before the value', 'a\0key', HUGE, 'icmap', 'CS_ERR_INVALID_PARAM'],
    ['a name that is too long, before the value', 'k'.repeat(256), HUGE, 'icmap', 'CS_ERR_NAME_TOO_LONG'],
    ['what no buffer takes, before a read-only key', 'runtime.config.key', HUGE, 'icmap', 'CS_ERR_TOO_BIG'],
    ['what no buffer takes, in the stats map, too', 'stats.key', HUGE, 'stats', 'CS_ERR_TOO_BIG'],
    ['a read-only key, before its value', 'runtime.config.key', OUT_OF_RANGE, 'icmap', 'CS_ERR_ACCESS'],
    ['a key of the stats map, before its value', 'stats.key', OUT_OF_RANGE, 'stats', 'CS_ERR_ACCESS'],
    ['the value, of a key that clears', 'stats.clear.ipc', OUT_OF_RANGE, 'stats', 'CS_ERR_INVALID_PARAM'],
    ['the value, of any other key', 'a.key', OUT_OF_RANGE, 'icmap', 'CS_ERR_INVALID_PARAM'],
    ['the value, before characters', 'a key', OUT_OF_RANGE, 'icmap', 'CS_ERR_INVALID_PARAM'],
    [
      'the value, where the name clears only in the stats map',
      'stats.clear.ipc',
      OUT_OF_RANGE,
      'icmap',
      'CS_ERR_INVALID_PARAM',
    ],
    ['characters', 'a key', FINE, 'icmap', 'CS_ERR_NAME_TOO_LONG'],
    ['what cannot be cleared', 'stats.clear.a key', FINE, 'stats', 'CS_ERR_NOT_SUPPORTED'],
    [
      'characters, where the name clears only in the stats map',
      'stats.clear.a key',
      FINE,
      'icmap',
      'CS_ERR_NAME_TOO_LONG',
    ],
  ] as const)('%s', (_, key, value, map, code) => {
    const error = refusal(code);
    expect(() => check(key, value, map)).toThrow(error);
  });
});
