import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CsError, escapeControls, show, stringify } from '../../src/errors/index.ts';

/** A clear screen, a window title, an 8-bit CSI, a line separator, an override of direction. */
const HOSTILE = '\x1b[2J\x1b]0;x\x07\x7f\x9b31m\u2028\u202ex';
const STEERS = /[\0-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

describe('escapeControls', () => {
  it('shows what it escapes, and leaves the rest', () => {
    expect(escapeControls(HOSTILE)).toBe('\\x1B[2J\\x1B]0;x\\x07\\x7F\\x9B31m\\u2028\\u202Ex');
    expect(escapeControls('caf\u00e9 \u05d0 \ud83d\ude00 a\\b')).toBe('caf\u00e9 \u05d0 \ud83d\ude00 a\\b');
    expect(escapeControls('a\tb\n\x1b', '\t\n')).toBe('a\tb\n\\x1B');
  });

  it('leaves nothing that steers', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => !STEERS.test(escapeControls(text))));
  });
});

describe('stringify', () => {
  it('is JSON that says the same, without anything that steers', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer(), (text, n) => {
        const json = stringify({ [text]: [text, n] });
        expect(json).not.toMatch(STEERS);
        expect(JSON.parse(json)).toEqual({ [text]: [text, n] });
      }),
    );
  });
});

describe('what an error says can be printed', () => {
  it.each<[string, string]>([
    ['show', show(HOSTILE)],
    ['the key', new CsError('CS_ERR_BUSY', { operation: 'cmap_get', key: HOSTILE }).message],
    ['the detail', new CsError('CS_ERR_BUSY', { operation: 'cmap_get', detail: HOSTILE }).message],
    ['the errno', new CsError('CS_ERR_BUSY', { operation: 'cmap_get', errno: HOSTILE }).message],
  ])('%s', (_what, text) => {
    expect(text).not.toMatch(STEERS);
    expect(text).toContain('[2J');
  });
});
