import { describe, expect, it } from 'vitest';
import {
  decodeNotification,
  decodeTrackInstHandle,
  type NotificationMessage,
} from '../../../src/codec/cmap/notification.ts';
import type { CmapValue } from '../../../src/codec/cmap/value.ts';
import { decodeResponseHeader } from '../../../src/codec/header.ts';
import { readGoldenFile } from '../../golden/golden-file.ts';
import { readerAmongDirt } from '../../helpers/memory/memory-stage.ts';
import { resCmapNotifyCallback, type NotifyCallback } from '../../helpers/wire/message-builder.ts';

const binary = (bytes: Uint8Array): CmapValue => ({ type: 'binary', value: new Uint8Array(bytes) });
const uint32 = (value: number): CmapValue => ({ type: 'uint32', value });
const string = (value: string): CmapValue => ({ type: 'string', value });
const largest = (byte: string): CmapValue => binary(Buffer.alloc(16_384, byte));

type Change = Pick<NotificationMessage, 'change' | 'newValue' | 'oldValue'>;

/** What test/c/cmap-peer.c did, in JavaScript's terms. */
const CHANGES: Readonly<Record<string, Change>> = {
  'notify: add': { change: 'add', newValue: uint32(1), oldValue: undefined },
  'notify: modify': { change: 'modify', newValue: uint32(2), oldValue: uint32(1) },
  'notify: increment': { change: 'modify', newValue: uint32(3), oldValue: uint32(2) },
  'notify: modify, other type': { change: 'modify', newValue: string('three'), oldValue: uint32(3) },
  'notify: modify, string': { change: 'modify', newValue: string(''), oldValue: string('three') },
  'notify: delete': { change: 'delete', newValue: undefined, oldValue: string('') },
  'notify: add, binary': { change: 'add', newValue: binary(Buffer.of(0, 1)), oldValue: undefined },
  'notify: modify, binary, odd lengths': {
    change: 'modify',
    newValue: binary(Buffer.of(0, 1, 2)),
    oldValue: binary(Buffer.of(0, 1)),
  },
  'notify: modify, to the largest': {
    change: 'modify',
    newValue: largest('A'),
    oldValue: binary(Buffer.of(0, 1, 2)),
  },
  'notify: modify, largest to largest': { change: 'modify', newValue: largest('B'), oldValue: largest('A') },
  'notify: modify, to nothing': { change: 'modify', newValue: binary(Buffer.of()), oldValue: largest('B') },
  'notify: delete, binary': { change: 'delete', newValue: undefined, oldValue: binary(Buffer.of()) },
};

const events = readGoldenFile().exchanges.flatMap(({ name, event, eventFields }) =>
  event === undefined || eventFields?.message !== 'resCmapNotifyCallback'
    ? []
    : [{ name, event, eventFields }],
);

const SAMPLE: NotifyCallback = {
  trackInstHandle: '18446744073709551615',
  key: 'test.key',
  event: 2,
  newType: 12,
  newValue: '0102',
  oldType: 12,
  oldValue: '03',
};
const decode = (change: Partial<NotifyCallback>): NotificationMessage =>
  decodeNotification(readerAmongDirt(resCmapNotifyCallback({ ...SAMPLE, ...change }).toBytes()));

const malformed: unknown = expect.objectContaining({ code: 'CS_ERR_SECURITY' });

describe('notifications', () => {
  it('of every kind are among the golden exchanges', () => {
    expect(events.map(({ name }) => name).sort()).toEqual(Object.keys(CHANGES).sort());
  });

  it.each(events)('$name: decoded', ({ name, event, eventFields }) => {
    const reader = readerAmongDirt(Buffer.from(event, 'hex'));
    const trackInstHandle = BigInt(eventFields.trackInstHandle);
    expect(decodeResponseHeader(reader).id).toBe(9);
    expect(decodeTrackInstHandle(reader)).toBe(trackInstHandle);
    expect(decodeNotification(reader)).toEqual({ ...CHANGES[name], key: eventFields.key });
  });

  it('have a handle of 64 bits', () => {
    const reader = readerAmongDirt(resCmapNotifyCallback(SAMPLE).toBytes());
    expect(decodeTrackInstHandle(reader)).toBe(2n ** 64n - 1n);
  });

  it.each([
    [4, 'add'],
    [2, 'modify'],
    [1, 'delete'],
  ])('event %d is %s', (event, name) => {
    expect(decode({ event }).change).toBe(name);
  });

  it.each([0, 3, 5, 6, 7, 8, 12, -1, 2 ** 31 - 1])('event %d is refused', (event) => {
    expect(() => decode({ event })).toThrow(malformed);
  });

  it('take the values apart at the length of the new one', () => {
    expect(decode({ newValue: '', oldValue: '010203' })).toMatchObject({
      newValue: binary(Buffer.of()),
      oldValue: binary(Buffer.of(1, 2, 3)),
    });
    expect(decode({ newValue: '010203', oldValue: '' })).toMatchObject({
      newValue: binary(Buffer.of(1, 2, 3)),
      oldValue: binary(Buffer.of()),
    });
  });

  it.each([
    ['new', 320],
    ['old', 328],
  ])('are refused if the length of the %s value is not what arrived', (_which, offset) => {
    for (const length of [0n, 100n, 2n ** 31n - 1n, 2n ** 31n, 2n ** 32n, 2n ** 64n - 1n]) {
      const bytes = resCmapNotifyCallback(SAMPLE).toBytes();
      bytes.writeBigUInt64LE(length, offset);
      expect(() => decodeNotification(readerAmongDirt(bytes))).toThrow(malformed);
    }
  });

  describe('with type 0', () => {
    const nothing = { type: 'unknown', typeCode: 0, value: new Uint8Array() };
    const zero = { oldType: 0, oldValue: '', newType: 0, newValue: '' };

    it('a key that is added has no old value, and may have a new one of type 0', () => {
      expect(decode({ ...zero, event: 4 })).toMatchObject({ newValue: nothing, oldValue: undefined });
      expect(decode({ ...zero, event: 4, newType: 2, newValue: '05' })).toMatchObject({
        newValue: { type: 'uint8', value: 5 },
        oldValue: undefined,
      });
    });

    it('a key that is deleted has no new value, and may have had one of type 0', () => {
      expect(decode({ ...zero, event: 1 })).toMatchObject({ newValue: undefined, oldValue: nothing });
      expect(decode({ ...zero, event: 1, oldType: 2, oldValue: '05' })).toMatchObject({
        newValue: undefined,
        oldValue: { type: 'uint8', value: 5 },
      });
    });

    it('a key that is modified may have it before or after', () => {
      expect(decode({ ...zero, event: 2, oldType: 2, oldValue: '05' })).toMatchObject({
        newValue: nothing,
        oldValue: { type: 'uint8', value: 5 },
      });
      for (const newType of [9, 10, 11, 12, 13, 255]) {
        const newValue = { 9: '00000000', 10: '0000000000000000', 11: '00' }[newType] ?? '';
        expect(decode({ ...zero, event: 2, newType, newValue })).toMatchObject({ oldValue: nothing });
      }
    });

    it.each([1, 2, 3, 4, 5, 6, 7, 8])(
      'of the old value, corosync may not tell it: new type %d',
      (newType) => {
        const newValue = '00'.repeat([1, 1, 2, 2, 4, 4, 8, 8][newType - 1] ?? 0);
        expect(decode({ ...zero, event: 2, newType, newValue })).toMatchObject({ oldValue: undefined });
      },
    );
  });

  it('tell of a value of type 0 that another one of type 0 replaces: it was there', () => {
    const untyped = { newType: 0, newValue: '02', oldType: 0, oldValue: '01' };
    expect(decode({ event: 2, ...untyped })).toMatchObject({
      newValue: { type: 'unknown', typeCode: 0, value: Uint8Array.of(2) },
      oldValue: { type: 'unknown', typeCode: 0, value: Uint8Array.of(1) },
    });
  });

  it('are refused if a length contradicts its type', () => {
    expect(() => decode({ newType: 5 })).toThrow(malformed);
    expect(() => decode({ oldType: 10 })).toThrow(malformed);
  });
});
