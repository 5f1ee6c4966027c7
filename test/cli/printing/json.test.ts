import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { entryLine, eventLine, followEventLine, toJsonValue } from '../../../src/cli/printing/json.ts';
import {
  type CmapFollower,
  ConnectionError,
  type CmapValue,
  type CmapFollowEvent,
} from '../../../src/index.ts';
import { FAKE_TRACKER } from '../fake-client.ts';

const TIME = new Date(Date.UTC(2025, 0, 31, 12));

describe('toJsonValue', () => {
  test.each<[CmapValue, object]>([
    [
      { type: 'int8', value: -1 },
      { type: 'int8', value: -1 },
    ],
    [
      { type: 'uint32', value: 4294967295 },
      { type: 'uint32', value: 4294967295 },
    ],
    [
      { type: 'int64', value: -(2n ** 63n) },
      { type: 'int64', value: '-9223372036854775808' },
    ],
    [
      { type: 'uint64', value: 5n },
      { type: 'uint64', value: '5' },
    ],
    [
      { type: 'float', value: 0.5 },
      { type: 'float', value: 0.5 },
    ],
    [
      { type: 'double', value: NaN },
      { type: 'double', value: 'NaN' },
    ],
    [
      { type: 'double', value: -Infinity },
      { type: 'double', value: '-Infinity' },
    ],
    [
      { type: 'double', value: -0 },
      { type: 'double', value: '-0' },
    ],
    [
      { type: 'string', value: 'a\n"' },
      { type: 'string', value: 'a\n"' },
    ],
    [
      { type: 'string', value: '\ufffd', bytes: Uint8Array.of(0xe9) },
      { type: 'string', value: '\ufffd', bytes: '6Q==' },
    ],
    [
      { type: 'binary', value: Uint8Array.of(0, 1, 2) },
      { type: 'binary', value: 'AAEC' },
    ],
    [
      { type: 'unknown', typeCode: 44, value: Uint8Array.of(0) },
      { type: 'unknown', value: 'AA==', typeCode: 44 },
    ],
  ])('%o', (value, json) => {
    expect(toJsonValue(value)).toEqual(json);
  });

  it('loses no number', () => {
    fc.assert(
      fc.property(fc.double(), (x) => {
        const { value } = JSON.parse(entryLine('k', { type: 'double', value: x })) as {
          value: number | string;
        };
        expect(Number(value)).toBe(x);
      }),
    );
  });
});

describe('lines', () => {
  it('has an entry on one line', () => {
    expect(entryLine('a.b', { type: 'string', value: 'x\ny' })).toBe(
      '{"key":"a.b","type":"string","value":"x\\ny"}\n',
    );
  });

  it('has null where a notification has no value', () => {
    const line = eventLine(
      {
        kind: 'notification',
        change: 'delete',
        key: 'a.b',
        newValue: undefined,
        oldValue: { type: 'uint8', value: 1 },
        tracker: FAKE_TRACKER,
        coalesced: 0,
      },
      TIME,
      'a.b',
    );
    expect(JSON.parse(line)).toEqual({
      event: 'delete',
      key: 'a.b',
      newValue: null,
      oldValue: { type: 'uint8', value: 1 },
      time: '2025-01-31T12:00:00.000Z',
    });
  });

  it('tells what is missing', () => {
    expect(eventLine({ kind: 'overflow', dropped: 3, tracker: FAKE_TRACKER }, TIME, 'a.')).toBe(
      '{"event":"overflow","tracks":"a.","dropped":3,"time":"2025-01-31T12:00:00.000Z"}\n',
    );
  });
});

describe('followEventLine', () => {
  const follower = { key: 'k' } as CmapFollower;
  const time = '2025-01-31T12:00:00.000Z';
  const value: CmapValue = { type: 'uint64', value: 1n };

  test.each<[CmapFollowEvent, object]>([
    [
      { kind: 'snapshot', entries: [{ key: 'a', value }], follower },
      { event: 'snapshot', follows: 'a', entries: [{ key: 'a', type: 'uint64', value: '1' }], time },
    ],
    [
      {
        kind: 'notification',
        change: 'add',
        key: 'a',
        newValue: value,
        oldValue: undefined,
        synthetic: true,
        follower,
      },
      {
        event: 'add',
        key: 'a',
        newValue: { type: 'uint64', value: '1' },
        oldValue: null,
        synthetic: true,
        time,
      },
    ],
    [
      { kind: 'lost', error: new ConnectionError('CS_ERR_LIBRARY', { operation: 'connection' }), follower },
      {
        event: 'lost',
        follows: 'a',
        code: 'CS_ERR_LIBRARY',
        message: 'connection: CS_ERR_LIBRARY (2)',
        time,
      },
    ],
    [
      { kind: 'resynced', changes: 2, follower },
      { event: 'resynced', follows: 'a', changes: 2, time },
    ],
    [
      { kind: 'overflow', dropped: 2, follower },
      { event: 'overflow', follows: 'a', dropped: 2, time },
    ],
  ])('%o', (event, object) => {
    expect(JSON.parse(followEventLine(event, TIME, 'a'))).toEqual(object);
  });
});
