import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkExistingKey,
  checkKeyToChange,
  checkKeyToSet,
  checkPrefix,
  checkTrackedKey,
  READ_ONLY_PREFIXES,
} from '../../../src/cmap/values/keys.ts';
import { CsError } from '../../../src/errors/index.ts';

const refusal = (code: string): unknown =>
  expect.objectContaining({ name: 'CsError', code, operation: 'op' });

const LONGEST = 'k'.repeat(255);
const LEGAL = ['abc', 'a.b', '...', 'A-Z_0/9:x', LONGEST];
/** What icmap_is_valid_key_name refuses. */
const ILLEGAL = ['', 'a', 'ab', 'a b', 'a\tb', 'aé', 'aéb', 'a*b', 'a#b', 'abc\n', 'ab\u00a0c'];
const NOT_STRINGS = [undefined, null, 5, 5n, true, {}, ['abc'], Symbol('abc')];

const checks = {
  checkKeyToSet: (key: string) => checkKeyToSet('op', key, 'icmap'),
  checkKeyToChange: (key: string) => checkKeyToChange('op', key, 'icmap'),
  checkExistingKey: (key: string) => checkExistingKey('op', key),
  'checkTrackedKey of a key': (key: string) => checkTrackedKey('op', key, false),
  'checkTrackedKey of a prefix': (key: string) => checkTrackedKey('op', key, true),
  checkPrefix: (key: string) => checkPrefix('op', key),
};
const names = Object.keys(checks) as (keyof typeof checks)[];

describe.each(names)('%s', (name) => {
  const check = checks[name];

  it('returns a legal key', () => {
    for (const key of LEGAL) expect(check(key)).toBe(key);
  });

  it('refuses what is no string', () => {
    for (const key of NOT_STRINGS) expect(() => check(key as never)).toThrow(refusal('CS_ERR_INVALID_PARAM'));
  });

  it('refuses NUL, which would end the key early', () => {
    for (const key of ['\0', 'abc\0', 'a\0bc', '\0abc']) {
      expect(() => check(key)).toThrow(refusal('CS_ERR_INVALID_PARAM'));
    }
  });

  it('refuses more than 255 bytes, in UTF-8', () => {
    for (const key of [`${LONGEST}k`, 'é'.repeat(128), '😀'.repeat(64), 'k'.repeat(100_000)]) {
      expect(() => check(key)).toThrow(refusal('CS_ERR_NAME_TOO_LONG'));
    }
  });

  it('never lets anything through that does not fit the wire', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (key) => {
        try {
          const checked = check(key);
          expect(checked.length).toBeLessThanOrEqual(255);
          expect(checked).toMatch(/^[\u0001-\u00ff]*$/);
        } catch (error) {
          if (!(error instanceof CsError)) throw error;
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('an illegal key', () => {
  it.each(ILLEGAL)('%j can not be set, as corosync says it', (key) => {
    expect(() => checkKeyToSet('op', key, 'icmap')).toThrow(refusal('CS_ERR_NAME_TOO_LONG'));
  });

  it.each(ILLEGAL)('%j does not exist', (key) => {
    expect(() => checkExistingKey('op', key)).toThrow(refusal('CS_ERR_NOT_EXIST'));
    expect(() => checkKeyToChange('op', key, 'icmap')).toThrow(refusal('CS_ERR_NOT_EXIST'));
  });

  it.each(ILLEGAL)('%j is read-only in the stats map', (key) => {
    expect(() => checkKeyToSet('op', key, 'stats')).toThrow(refusal('CS_ERR_ACCESS'));
    expect(() => checkKeyToChange('op', key, 'stats')).toThrow(refusal('CS_ERR_ACCESS'));
  });

  it.each(READ_ONLY_PREFIXES)(
    'below %s is read-only, as corosync says it, whether it could be or not',
    (prefix) => {
      for (const key of [`${prefix}a b`, `${prefix}é`]) {
        expect(() => checkKeyToSet('op', key, 'icmap')).toThrow(refusal('CS_ERR_ACCESS'));
        expect(() => checkKeyToChange('op', key, 'icmap')).toThrow(refusal('CS_ERR_ACCESS'));
        expect(() => checkExistingKey('op', key)).toThrow(refusal('CS_ERR_NOT_EXIST'));
      }
    },
  );

  it.each(READ_ONLY_PREFIXES)('a legal one below %s is left to corosync', (prefix) => {
    for (const map of ['icmap', 'stats'] as const) {
      expect(checkKeyToSet('op', `${prefix}key`, map)).toBe(`${prefix}key`);
      expect(checkKeyToChange('op', `${prefix}key`, map)).toBe(`${prefix}key`);
    }
  });

  it.each(ILLEGAL)('%j cannot be tracked: it would never fire', (key) => {
    expect(() => checkTrackedKey('op', key, false)).toThrow(refusal('CS_ERR_INVALID_PARAM'));
  });
});

describe('a prefix', () => {
  it('may be short or empty', () => {
    for (const prefix of ['', 'a', 'ab', '.']) {
      expect(checkTrackedKey('op', prefix, true)).toBe(prefix);
      expect(checkPrefix('op', prefix)).toBe(prefix);
    }
  });

  it('that no key can have is not tracked', () => {
    for (const prefix of ['a b', 'é', '*']) {
      expect(() => checkTrackedKey('op', prefix, true)).toThrow(refusal('CS_ERR_INVALID_PARAM'));
    }
  });

  it('that no key can have is iterated as the bytes that libcmap would send', () => {
    expect(checkPrefix('op', 'a b')).toBe('a b');
    expect(checkPrefix('op', 'é')).toBe('\u00c3\u00a9');
    expect(checkPrefix('op', 'é'.repeat(127))).toHaveLength(254);
  });
});

describe('the error', () => {
  it('names key and rule', () => {
    expect(() => checkKeyToSet('cmap_set', 'a b', 'icmap')).toThrow(/^cmap_set "a b": .*a-z A-Z 0-9/);
    expect(() => checkTrackedKey('op', '', false)).toThrow(/prefix: true/);
    expect(() => checkKeyToSet('op', 'x'.repeat(256), 'icmap')).toThrow(/256 bytes/);
  });
});
