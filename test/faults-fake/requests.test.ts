import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { CmapClient } from '../../src/index.ts';
import { ourOutcome } from '../helpers/integration/integration-outcome.ts';
import { expectAlive, expectClosed, IN_VAIN, trial } from './under-fault.ts';

/** The client looks at the flow-control word at most once a millisecond. */
const LOOK_MS = 3;

describe('a request', () => {
  it.each(['CS_ERR_TRY_AGAIN', 'CS_ERR_INVALID_PARAM', 'CS_ERR_BUSY'] as const)(
    'that is answered with a bare %s has no effect, and the next one has',
    (error) =>
      trial(async (at) => {
        at.fake.faults.add({ when: { step: 'request', request: 'set', key: 'fault.new' }, do: { error } });
        const set = (): Promise<void> => at.client.setUint8('fault.new', 1);
        expect(await ourOutcome(set)).toBe(error);
        expect(at.fake.cmap.get('fault.new')).toBeUndefined();
        expect(await ourOutcome(set)).toBe('CS_OK');
        expect(at.fake.cmap.get('fault.new')).toEqual({ type: 'uint8', value: 1 });
        await expectAlive(at);
      }),
  );

  it.each([1, 2] as const)('is held back while the flow-control word is %i, and goes out then', (value) =>
    trial(async (at) => {
      at.fake.setFlowControl(value);
      await sleep(LOOK_MS);
      const { requests } = at.fake.counters;
      const held = at.get();
      await sleep(10);
      expect(at.fake.counters.requests).toBe(requests);
      at.fake.setFlowControl(0);
      expect(await held).toBe('value');
    }),
  );

  it('can bring flow control upon its client, which ends by itself', () =>
    trial(async (at) => {
      const flowControl = { value: 1, forMs: 30 } as const;
      const fault = at.fake.faults.add({ when: { step: 'request', request: 'get' }, do: { flowControl } });
      expect(await at.get()).toBe('value');
      await sleep(LOOK_MS);
      await expectAlive(at);
      expect(fault.struck).toBe(1);
    }));

  it('that is held back for too long ends in CS_ERR_TIMEOUT, and is not sent', () =>
    trial(async (at) => {
      at.fake.setFlowControl(1);
      await sleep(LOOK_MS);
      expect(await ourOutcome(() => at.client.setUint8('fault.new', 1, IN_VAIN))).toBe('CS_ERR_TIMEOUT');
      at.fake.setFlowControl(0);
      await expectAlive(at);
      expect(at.fake.cmap.get('fault.new')).toBeUndefined();
    }));

  it('to a server that is stopped ends in CS_ERR_TIMEOUT, and is executed when it goes on', () =>
    trial(async (at) => {
      at.fake.pause();
      expect(await ourOutcome(() => at.client.setUint8('fault.new', 1, IN_VAIN))).toBe('CS_ERR_TIMEOUT');
      expect(at.fake.cmap.get('fault.new')).toBeUndefined();
      at.fake.resume();
      await expectAlive(at);
      expect(at.fake.cmap.get('fault.new')).toEqual({ type: 'uint8', value: 1 });
    }));

  it.each([{ die: 'before' }, { die: 'after' }, { close: 'before' }, { close: 'after' }] as const)(
    'at which the server ends (%o) fails at once',
    (effect) =>
      trial(async (at) => {
        at.fake.faults.add({ when: { step: 'request', request: 'set' }, do: effect });
        expect(await ourOutcome(() => at.client.setUint8('fault.new', 1))).toBe('CS_ERR_LIBRARY');
        const executed = 'die' in effect ? effect.die === 'after' : effect.close === 'after';
        expect(at.fake.cmap.get('fault.new') !== undefined).toBe(executed);
        await expectClosed(at);
      }),
  );

  it('that is slow holds up its own client only', () =>
    trial(async (at) => {
      at.fake.faults.add({ when: { step: 'request', key: 'fault.slow' }, do: { delayMs: 60_000 } });
      const slow = ourOutcome(() => at.client.get('fault.slow'));
      await using other = await CmapClient.connect(at.fake.connectOptions);
      expect(await other.getString('fault.key')).toBe('value');
      at.client.destroy();
      expect(await slow).toBe('CS_ERR_LIBRARY');
    }));
});
