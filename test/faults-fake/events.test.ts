import { describe, expect, it } from 'vitest';
import type { ByteFault, MessageFault } from '../../src/testing/index.ts';
import { waitUntil } from '../helpers/wait-until.ts';
import { expectAlive, expectClosed, trial, type Trial } from './under-fault.ts';

const SOON = { everyMs: 1 };
const onEvent = (effect: MessageFault) =>
  ({ when: { step: 'event', key: 'fault.key' }, do: effect }) as const;
const onByte = (effect: ByteFault) => ({ when: { step: 'byte', key: 'fault.key' }, do: effect }) as const;

const change = ({ fake }: Trial, value: string): void =>
  fake.cmap.set('fault.key', { type: 'string', value });
const values = ({ told }: Trial): unknown[] =>
  told.map((event) => (event.kind === 'notification' ? event.newValue?.value : event.kind));

describe('a notification', () => {
  it.each<[string, MessageFault]>([
    ['with a bad magic', { magic: 0xdeadbeef }],
    ['whose chunk states no length', { chunkLength: 0 }],
    ['whose chunk states more than there is', { chunkLength: 100_000 }],
    ['whose header states another length', { size: 1 }],
    ['of another id', { id: 3 }],
    ['that is cut', { change: (message) => message.subarray(0, 340) }],
    ['of noise', { change: (message) => Buffer.alloc(message.length, 0xa5) }],
    ['with a key that is too long', { change: (message) => Buffer.from(message).fill(0xff, 32, 34) }],
    ['of an event that does not exist', { change: (message) => Buffer.from(message).fill(16, 296, 297) }],
    ['whose values do not add up', { change: (message) => Buffer.from(message).fill(0xff, 320, 321) }],
  ])('%s ends the connection with a reason', (_what, effect) =>
    trial(async (at) => {
      at.fake.faults.add(onEvent(effect));
      change(at, 'new');
      await expectClosed(at, 'CS_ERR_SECURITY');
      expect(values(at)).toEqual([]);
    }),
  );

  it('that is late comes in its order', () =>
    trial(async (at) => {
      at.fake.faults.add(onEvent({ delayMs: 20 }));
      for (const value of ['1', '2', '3']) change(at, value);
      await waitUntil('all have come', () => at.told.length === 3, SOON);
      expect(values(at)).toEqual(['1', '2', '3']);
    }));

  it('that is lost is missing, and no more', () =>
    trial(async (at) => {
      at.fake.faults.add(onEvent({ drop: true }));
      for (const value of ['1', '2']) change(at, value);
      await waitUntil('the other has come', () => at.told.length === 1, SOON);
      expect(values(at)).toEqual(['2']);
      change(at, 'value');
      await expectAlive(at);
    }));

  it('that comes twice is told twice', () =>
    trial(async (at) => {
      at.fake.faults.add(onEvent({ duplicate: true }));
      change(at, '1');
      change(at, 'value');
      await waitUntil('all have come', () => at.told.length === 3, SOON);
      expect(values(at)).toEqual(['1', '1', 'value']);
      await expectAlive(at);
    }));

  it('for a tracker that is gone is passed over', () =>
    trial(async (at) => {
      at.fake.faults.add(onEvent({ change: (message) => Buffer.from(message).fill(0x77, 24, 32) }));
      change(at, '1');
      change(at, 'value');
      await waitUntil('the other has come', () => at.told.length === 1, SOON);
      expect(values(at)).toEqual(['value']);
      await expectAlive(at);
    }));

  it.each([
    [{ die: 'before' }, []],
    [{ die: 'during' }, ['1']],
    [{ die: 'after' }, ['1']],
    [{ close: 'before' }, []],
    [{ close: 'after' }, ['1']],
  ] as const)('at which the server ends (%o): told if it was written, and closed', (effect, told) =>
    trial(async (at) => {
      at.fake.faults.add(onEvent(effect));
      change(at, '1');
      await expectClosed(at);
      expect(values(at)).toEqual(told);
    }),
  );
});

describe('a notification’s byte', () => {
  it('that is lost delays its notification until the next byte, and all that follow by one', () =>
    trial(async (at) => {
      at.fake.faults.add(onByte({ count: 0 }));
      for (const value of ['1', '2', 'value']) change(at, value);
      await waitUntil('two have come', () => at.told.length === 2, SOON);
      expect(values(at)).toEqual(['1', '2']);
      await expectAlive(at);
    }));

  it.each([2, 3, 100])('that is sent %i times ends the connection', (count) =>
    trial(async (at) => {
      at.fake.faults.add(onByte({ count }));
      change(at, '1');
      await expectClosed(at, /announced/);
      expect(values(at)).toEqual(['1']);
    }),
  );

  it('that is late is waited for', () =>
    trial(async (at) => {
      at.fake.faults.add(onByte({ delayMs: 20 }));
      change(at, '1');
      change(at, 'value');
      await waitUntil('both have come', () => at.told.length === 2, SOON);
      expect(values(at)).toEqual(['1', 'value']);
      await expectAlive(at);
    }));

  it.each([{ die: 'before' }, { die: 'after' }, { close: 'before' }, { close: 'after' }] as const)(
    'at which the server ends (%o): told all the same, and closed',
    (effect) =>
      trial(async (at) => {
        at.fake.faults.add(onByte(effect));
        change(at, '1');
        await expectClosed(at);
        expect(values(at)).toEqual(['1']);
      }),
  );
});

describe('a full event ring', () => {
  it('makes corosync queue, and all comes in order once the client reads', () =>
    trial(async (at) => {
      const value = 'v'.repeat(15_000);
      for (let i = 0; i < 40; i++) change(at, `${i} ${value}`);
      expect(at.fake.clients[0]?.queuedEvents).toBeGreaterThan(30);
      await waitUntil('all have come', () => at.told.length === 40, SOON);
      expect(values(at).map((text) => Number.parseInt(String(text), 10))).toEqual(
        Array.from({ length: 40 }, (_, i) => i),
      );
      change(at, 'value');
      await expectAlive(at);
    }));
});
