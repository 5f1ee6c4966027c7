import { describe, expect, it } from 'vitest';
import type { MessageFault } from '../../src/testing/index.ts';
import { errorOf, ourOutcome } from '../helpers/integration/integration-outcome.ts';
import { expectAlive, expectClosed, IN_VAIN, trial } from './under-fault.ts';

const onResponse = (effect: MessageFault, nth = 1) =>
  ({ when: { step: 'response', request: 'get', nth }, do: effect }) as const;

describe('an answer', () => {
  it.each<[string, MessageFault]>([
    ['with a bad magic', { magic: 0xdeadbeef }],
    ['that is still being written, says its magic', { magic: 0xa110ced0 }],
    ['whose chunk states no length', { chunkLength: 0 }],
    ['whose chunk is shorter than a header', { chunkLength: 23 }],
    ['whose chunk states more than the ring has', { chunkLength: 0xfffffff0 }],
    ['whose chunk states more than was asked for', { chunkLength: 400 }],
    ['whose header states another length', { size: 25 }],
    ['whose header states a negative length', { size: -1 }],
    ['to another request', { id: 3 }],
    ['of an id that does not exist', { id: 77 }],
    ['that is cut', { change: (message) => message.subarray(0, 30) }],
    ['of nothing', { change: () => Buffer.alloc(0) }],
    ['of noise', { change: (message) => Buffer.alloc(message.length, 0xa5) }],
    ['whose value is longer than the answer', { change: (message) => message.fill(0xff, 24, 32) }],
  ])('%s ends the connection with a reason', (_what, effect) =>
    trial(async (at) => {
      at.fake.faults.add(onResponse(effect));
      expect(await ourOutcome(at.get)).toBe('CS_ERR_SECURITY');
      await expectClosed(at, 'CS_ERR_SECURITY');
    }),
  );

  it('that contradicts its type ends the connection', () =>
    trial(async (at) => {
      const asUint32 = (message: Buffer): Buffer => Buffer.from(message).fill(6, 32, 33);
      at.fake.faults.add(onResponse({ change: asUint32 }));
      expect(await errorOf(at.get())).toMatchObject({
        name: 'ConnectionError',
        code: 'CS_ERR_SECURITY',
        operation: 'cmap_get',
      });
      await expectClosed(at, /CS_ERR_SECURITY.*the exchange with corosync broke down: .* value has /);
    }));

  it('that is late is waited for', () =>
    trial(async (at) => {
      at.fake.faults.add(onResponse({ delayMs: 30 }));
      expect(await at.get()).toBe('value');
      await expectAlive(at);
    }));

  it('that comes after its call has given up is not mistaken for the next one', () =>
    trial(async (at) => {
      at.fake.faults.add(onResponse({ delayMs: 200 }));
      expect(await ourOutcome(() => at.client.getString('fault.key', { timeoutMs: 20 }))).toBe(
        'CS_ERR_TIMEOUT',
      );
      at.fake.cmap.set('fault.other', { type: 'string', value: 'other' });
      expect(await at.client.getString('fault.other')).toBe('other');
      await expectAlive(at);
    }));

  it('that is dropped ends the connection with a reason, also for those who would wait for ever', () =>
    trial(async (at) => {
      at.fake.faults.add(onResponse({ drop: true }));
      const get = (): Promise<string> => at.client.getString('fault.key', { timeoutMs: Infinity });
      expect(await ourOutcome(get)).toBe('CS_ERR_LIBRARY');
      expect(at.fake.counters.droppedResponses).toBe(1);
      await expectClosed(at, /did not come/);
    }));

  it('that is dropped ends in CS_ERR_TIMEOUT, for those behind it, too; the connection can still be closed', () =>
    trial(async (at) => {
      at.fake.faults.add(onResponse({ drop: true }));
      const get = (): Promise<string> => at.client.getString('fault.key', IN_VAIN);
      const outcomes = await Promise.all([get, get].map((call) => ourOutcome(call)));
      expect(outcomes).toContain('CS_ERR_TIMEOUT');
      expect(await ourOutcome(get)).toBe('CS_ERR_TIMEOUT');
      expect(at.fake.counters.droppedResponses).toBe(1);
      await at.client.close();
    }));

  it('that comes twice ends the connection before anybody is given another one’s answer', () =>
    trial(async (at) => {
      at.fake.faults.add(onResponse({ duplicate: true }));
      expect(['CS_OK', 'CS_ERR_SECURITY']).toContain(await ourOutcome(at.get));
      expect(await ourOutcome(() => at.client.setUint8('fault.other', 1))).toMatch(
        /CS_ERR_(?:SECURITY|BAD_HANDLE)/,
      );
      await expectClosed(at, /answers to|answer/);
    }));

  it.each([
    ['CS_ERR_TRY_AGAIN', 'CS_ERR_TRY_AGAIN'],
    ['CS_ERR_NO_MEMORY', 'CS_ERR_NO_MEMORY'],
    [0, 'CS_ERR_LIBRARY'],
    [4711, 'CS_ERR_LIBRARY'],
    [-1, 'CS_ERR_LIBRARY'],
  ] as const)('with error %s fails its call with %s and no other', (error, outcome) =>
    trial(async (at) => {
      at.fake.faults.add(onResponse({ error }));
      expect(await ourOutcome(at.get)).toBe(outcome);
      await expectAlive(at);
    }),
  );

  it.each([
    { close: 'before' },
    { close: 'after' },
    { die: 'before' },
    { die: 'during' },
    { die: 'after' },
  ] as const)('and the end of the server %o: a value or an error, at once', (effect) =>
    trial(async (at) => {
      at.fake.faults.add(onResponse(effect));
      const answered =
        'die' in effect && effect.die === 'after' ? true : 'close' in effect && effect.close === 'after';
      const outcome = await ourOutcome(at.get);
      if (!answered) expect(outcome).toBe('CS_ERR_LIBRARY');
      else expect(['CS_OK', 'CS_ERR_LIBRARY']).toContain(outcome);
      await expectClosed(at);
    }),
  );

  it('among many: those before it are answered, those behind it fail', () =>
    trial(async (at) => {
      at.fake.faults.add(onResponse({ magic: 1 }, 30));
      const outcomes = await Promise.all(Array.from({ length: 50 }, () => ourOutcome(at.get)));
      expect(outcomes.slice(0, 29)).toEqual(Array.from({ length: 29 }, () => 'CS_OK'));
      expect(outcomes.slice(29)).toEqual(Array.from({ length: 21 }, () => 'CS_ERR_SECURITY'));
      await expectClosed(at, 'CS_ERR_SECURITY');
    }));
});
