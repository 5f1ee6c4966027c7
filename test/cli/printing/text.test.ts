import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import {
  entryText,
  eventText,
  followEventTexts,
  plainText,
  rawBytes,
  terminalText,
} from '../../../src/cli/printing/text.ts';
import {
  type CmapFollower,
  ConnectionError,
  type CmapTrackEvent,
  type CmapValue,
  type CmapFollowEvent,
} from '../../../src/index.ts';
import { FAKE_TRACKER } from '../fake-client.ts';

const TIME = new Date(Date.UTC(2025, 0, 31, 12));
const BASE = { kind: 'notification', key: 'k', tracker: FAKE_TRACKER, coalesced: 0 } as const;
const ONE: CmapValue = { type: 'uint8', value: 1 };
const TWO: CmapValue = { type: 'uint8', value: 2 };

describe('entryText', () => {
  test.each<[CmapValue, string]>([
    [{ type: 'uint32', value: 5 }, 'k (u32) = 5'],
    [{ type: 'int64', value: -5n }, 'k (i64) = -5'],
    [{ type: 'float', value: Math.fround(0.1) }, 'k (flt) = 0.1'],
    [{ type: 'float', value: NaN }, 'k (flt) = NaN'],
    [{ type: 'double', value: 0.1 }, 'k (dbl) = 0.1'],
    [{ type: 'string', value: 'plain text, é' }, 'k (str) = plain text, é'],
    [{ type: 'string', value: 'a\nb\\c\x1b[31m\x9b' }, 'k (str) = a\\x0Ab\\\\c\\x1B[31m\\x9B'],
    [{ type: 'binary', value: Uint8Array.of(0x41, 0, 0x5c, 0xff) }, 'k (bin) = A\\x00\\\\\\xFF'],
  ])('%o', (value, text) => {
    expect(entryText('k', value)).toBe(text);
  });

  it('has no control characters of the key either', () => {
    expect(entryText('k\x1b[2J\x9b', ONE)).toBe('k\\x1B[2J\\x9B (u8) = 1');
    const gone = { ...BASE, key: 'k\x1b', change: 'delete', newValue: undefined, oldValue: ONE } as const;
    expect(eventText(gone, TIME)).toContain('delete k\\x1B');
  });

  it('is one line without control characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        expect(entryText('k', { type: 'string', value })).not.toMatch(/[\0-\x1f\x7f-\x9f]/);
      }),
    );
  });

  it('shows floats so that they can be read back', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true }), (value) => {
        const text = entryText('k', { type: 'float', value }).replace('k (flt) = ', '');
        expect(Math.fround(Number(text))).toBe(value === 0 ? 0 : value);
      }),
    );
  });
});

describe('eventText', () => {
  test.each<[CmapTrackEvent, string]>([
    [{ ...BASE, change: 'add', newValue: ONE, oldValue: undefined }, 'add k (u8) = 1'],
    [{ ...BASE, change: 'add', newValue: ONE, oldValue: ONE }, 'add k (u8) = 1'],
    [{ ...BASE, change: 'modify', newValue: TWO, oldValue: ONE }, 'modify k (u8) = 2, was 1'],
    [{ ...BASE, change: 'modify', newValue: TWO, oldValue: undefined }, 'modify k (u8) = 2'],
    [
      { ...BASE, change: 'modify', newValue: TWO, oldValue: { type: 'string', value: 'x' } },
      'modify k (u8) = 2, was (str) x',
    ],
    [{ ...BASE, change: 'delete', newValue: undefined, oldValue: ONE }, 'delete k, was (u8) 1'],
    [{ kind: 'overflow', dropped: 3, tracker: FAKE_TRACKER }, 'overflow: 3 notifications are missing here'],
  ])('%o', (event, text) => {
    expect(eventText(event, TIME)).toBe(`2025-01-31T12:00:00.000Z ${text}`);
  });

  it('names the operand where that is not clear', () => {
    expect(eventText({ kind: 'overflow', dropped: 3, tracker: FAKE_TRACKER }, TIME, 'a.')).toMatch(
      /Z overflow a\.: 3 notifications are missing here$/,
    );
    expect(eventText({ kind: 'overflow', dropped: 3, tracker: FAKE_TRACKER }, TIME, '')).toContain(
      " overflow '': 3",
    );
    const change = { ...BASE, change: 'add', newValue: ONE, oldValue: undefined } as const;
    expect(eventText(change, TIME, 'k')).toMatch(/Z add k \(u8\) = 1$/);
  });
});

describe('followEventTexts', () => {
  const follower = { key: 'k' } as CmapFollower;
  const error = new ConnectionError('CS_ERR_LIBRARY', { operation: 'connection' });
  const NEWS = {
    kind: 'notification',
    key: 'k',
    change: 'modify',
    newValue: TWO,
    oldValue: ONE,
    follower,
  } as const;
  const ENTRIES = [
    { key: 'k', value: ONE },
    { key: 'l', value: TWO },
  ];
  test.each<[CmapFollowEvent, string[]]>([
    [{ kind: 'snapshot', entries: ENTRIES, follower }, ['is k (u8) = 1', 'is l (u8) = 2']],
    [{ kind: 'snapshot', entries: [], follower }, []],
    [{ ...NEWS, synthetic: false }, ['modify k (u8) = 2, was 1']],
    [{ ...NEWS, synthetic: true }, ['modify k (u8) = 2, was 1 (found by comparing)']],
    [{ kind: 'lost', error, follower }, ['lost: corosync is gone; nothing is heard until resynced']],
    [{ kind: 'resynced', changes: 2, follower }, ['resynced: 2 changes found by comparing']],
    [
      { kind: 'overflow', dropped: 3, follower },
      ['overflow: 3 events are not told one by one; what they changed follows'],
    ],
  ])('%o', (event, texts) => {
    expect(followEventTexts(event, TIME)).toEqual(texts.map((text) => `2025-01-31T12:00:00.000Z ${text}`));
  });

  test.each<[CmapFollowEvent, RegExp]>([
    [{ kind: 'snapshot', entries: ENTRIES, follower }, /Z is k \(u8\) = 1,.*Z is l /],
    [{ kind: 'lost', error, follower }, /Z lost a\.: corosync is gone/],
    [{ kind: 'resynced', changes: 2, follower }, /Z resynced a\.: 2 changes/],
    [{ kind: 'overflow', dropped: 3, follower }, /Z overflow a\.: 3 events/],
  ])('names the operand where that is not clear: %o', (event, text) => {
    expect(followEventTexts(event, TIME, 'a.').join()).toMatch(text);
  });
});

describe('values alone', () => {
  it('are as they are', () => {
    expect(plainText({ type: 'string', value: 'a\n\\' })).toBe('a\n\\');
    expect(plainText({ type: 'string', value: '\ufffd', bytes: Uint8Array.of(0xe9) })).toEqual(
      Uint8Array.of(0xe9),
    );
    expect(plainText({ type: 'binary', value: Uint8Array.of(0) })).toBe('\\x00');
    expect(rawBytes({ type: 'binary', value: Uint8Array.of(0) })).toEqual(Uint8Array.of(0));
    expect(rawBytes({ type: 'uint64', value: 7n })).toBe('7');
  });
});

describe('terminalText', () => {
  it('is the value without what could steer the terminal', () => {
    expect(terminalText({ type: 'string', value: 'a\tb\n\x1b[2J\x9b\\' })).toBe('a\tb\n\\x1B[2J\\x9B\\');
    expect(terminalText({ type: 'binary', value: Uint8Array.of(0x1b, 0x41) })).toBe('\\x1BA');
    expect(terminalText(ONE)).toBe('1');
  });
});
