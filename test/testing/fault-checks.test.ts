import { constants } from 'node:os';
import { beforeEach, describe, expect, it } from 'vitest';
import { CmapClient } from '../../src/index.ts';
import { CS_ERROR_CODES } from '../../src/errors/index.ts';
import { FakeCorosync, type Fault, type FaultStep, type MessageFault } from '../../src/testing/index.ts';
import { Faults } from '../../src/testing/faults/faults.ts';
import { REQUEST_NAMES } from '../../src/testing/faults/request-names.ts';
import { ourOutcome } from '../helpers/integration/integration-outcome.ts';

const STEPS: readonly FaultStep[] = [
  'accept',
  'authenticate',
  'welcome',
  'request',
  'response',
  'event',
  'byte',
];

let faults: Faults;
beforeEach(() => {
  faults = new Faults('shm');
});

/** What a caller without types may pass. */
const add = (fault: unknown, to = faults) => to.add(fault as Fault);

describe('a fault that could never strike, or would have no effect, is refused', () => {
  it.each<[unknown, string]>([
    [undefined, 'fault is undefined; it must be an object with when, do'],
    [{}, 'fault.when is undefined; it must be an object with a step'],
    [{ when: {}, do: {} }, 'fault.when.step is undefined; it must be one of'],
    [
      { when: { step: 'bogus' }, do: {} },
      "fault.when.step is \"bogus\"; it must be one of 'accept', 'authen",
    ],
    [{ when: { step: 'accept' } }, 'fault.do is undefined; it must be an object with delayMs, close, die'],
    [{ when: { step: 'byte' }, do: {}, name: 1 }, 'fault.name is unknown; a fault has when, do'],
    [
      { when: { step: 'request', reqest: 'get' }, do: {} },
      "fault.when.reqest is unknown; step 'request' has step, nth, times, request, key",
    ],
    [
      { when: { step: 'request', request: 'track_add' }, do: {} },
      "fault.when.request is \"track_add\"; it must be one of 'set', 'delete', 'get', 'adjustInt'",
    ],
    [{ when: { step: 'event', request: 'get' }, do: {} }, 'fault.when.request is unknown; step '],
    [{ when: { step: 'welcome', key: 'a.key' }, do: {} }, 'fault.when.key is unknown; step '],
    [{ when: { step: 'request', key: 7 }, do: {} }, 'fault.when.key is 7; it must be a string'],
    [
      { when: { step: 'request', request: 'iterNext', key: 'a.key' }, do: {} },
      'fault.when.key is "a.key", but \'iterNext\' names no key; those that do are set, delete, get, adjustInt, ',
    ],
    [
      { when: { step: 'accept', service: 'sam' }, do: {} },
      "fault.when.service is \"sam\"; it must be one of 'cmap', 'quorum', 'votequorum', 'cfg', 'cpg'",
    ],
    [
      { when: { step: 'response', service: 'quorum', request: 'get' }, do: {} },
      'fault.when.request is "get", which quorum does not have; it has getQuorate, trackStart,',
    ],
    [
      { when: { step: 'event', service: 'cfg', key: 'a.key' }, do: {} },
      'fault.when.key is "a.key", but only cmap has keys, not cfg',
    ],
    [
      { when: { step: 'request', request: 'getQuorate', key: 'a.key' }, do: {} },
      'fault.when.key is "a.key", but \'getQuorate\' names no key; those that do are set,',
    ],
    [{ when: { step: 'accept', nth: 0 }, do: {} }, 'fault.when.nth is 0; it must be an integer from 1'],
    [
      { when: { step: 'accept', times: 0 }, do: {} },
      'fault.when.times is 0; it must be an integer from 1 on',
    ],
    [{ when: { step: 'accept', times: 1.5 }, do: {} }, 'fault.when.times is 1.5; it must be'],
  ])('%o', (fault, message) => {
    expect(() => add(fault)).toThrow(RangeError);
    expect(() => add(fault)).toThrow(message);
  });

  it.each<[FaultStep, object, string]>([
    [
      'request',
      { errro: 7 },
      "fault.do.errro is unknown; step 'request' has delayMs, close, die, error, flow",
    ],
    ['accept', { drop: true }, "fault.do.drop is unknown; step 'accept' has delayMs, close, die"],
    ['accept', { delayMs: -1 }, 'fault.do.delayMs is -1; it must be a number of milliseconds from 0'],
    ['accept', { delayMs: NaN }, 'fault.do.delayMs is NaN'],
    ['accept', { delayMs: 2 ** 31 }, 'fault.do.delayMs is 2147483648'],
    ['accept', { die: 'during' }, "fault.do.die is \"during\"; it must be one of 'before', 'after'"],
    ['event', { close: 'during' }, 'fault.do.close is "during"'],
    [
      'welcome',
      { refuse: 'NOPE' },
      'fault.do.refuse is "NOPE"; it must be a name in Node\'s os.constants.errno',
    ],
    ['welcome', { refuse: 0 }, 'fault.do.refuse is 0'],
    ['welcome', { split: [0] }, 'fault.do.split is an array; it must be an array of integers from 1 on'],
    [
      'welcome',
      { fields: { version: 1 } },
      'fault.do.fields.version is unknown; the answer to a handshake has id',
    ],
    ['welcome', { fields: { id: 'x' } }, 'fault.do.fields.id is "x"; it must be an integer from -2147483648'],
    ['welcome', { change: 'x' }, 'fault.do.change is "x"; it must be a function'],
    [
      'request',
      { error: 'CS_ERR_NOPE' },
      'fault.do.error is "CS_ERR_NOPE"; it must be one of CS_OK, CS_ERR_LIB',
    ],
    ['response', { error: 2 ** 31 }, 'fault.do.error is 2147483648'],
    ['request', { flowControl: 1 }, 'fault.do.flowControl is 1; it must be an object with value, forMs'],
    [
      'request',
      { flowControl: { value: 3, forMs: 1 } },
      'fault.do.flowControl.value is 3; it must be one of 1, 2',
    ],
    ['request', { flowControl: { value: 1 } }, 'fault.do.flowControl.forMs is undefined'],
    ['response', { drop: 'yes' }, 'fault.do.drop is "yes"; it must be true or false'],
    ['event', { magic: -1 }, 'fault.do.magic is -1; it must be an integer from 0 to 4294967295'],
    ['byte', { count: 1.5 }, 'fault.do.count is 1.5'],
  ])('at the step %s, %o', (step, effect, message) => {
    const fault = { when: { step }, do: effect };
    expect(() => add(fault)).toThrow(RangeError);
    expect(() => add(fault)).toThrow(message);
  });

  it('from the start, too: nothing is left of the fake', async () => {
    const faults = [{ when: { step: 'bogus' }, do: {} }] as unknown as Fault[];
    await expect(FakeCorosync.start({ faults })).rejects.toThrow('fault.when.step is "bogus"');
  });
});

describe('over datagram sockets, what only shared memory has is refused', () => {
  it.each<[FaultStep, MessageFault, string]>([
    ['byte', {}, "fault.when.step is 'byte'"],
    ['event', { magic: 1 }, 'fault.do.magic is part of a chunk'],
    ['response', { chunkLength: 0 }, 'fault.do.chunkLength is part of a chunk'],
    ['response', { die: 'during' }, "fault.do.die is 'during'"],
  ])('%s %o', (step, effect, message) => {
    const fault = { when: { step }, do: effect };
    expect(() => add(fault)).not.toThrow();
    const ofDatagrams = new Faults('socket');
    expect(() => add(fault, ofDatagrams)).toThrow(message);
    expect(() => add(fault, ofDatagrams)).toThrow("needs shared memory, and this fake has ipcType 'socket'");
  });

  it('by the fake that has them', async () => {
    await using fake = await FakeCorosync.start({ ipcType: 'socket' });
    expect(() => fake.faults.add({ when: { step: 'byte' }, do: { count: 0 } })).toThrow("ipcType 'socket'");
    fake.faults.add({ when: { step: 'response' }, do: { size: 1 } });
  });
});

describe('a fault that can strike is taken', () => {
  it('at every step, with what every step can suffer', () => {
    for (const step of STEPS) {
      faults.add({
        when: { step, nth: 2, times: Infinity },
        do: { delayMs: 0.5, close: 'after', die: 'before' },
      });
    }
  });

  it('for every request, errno and error by its name', () => {
    for (const request of REQUEST_NAMES) faults.add({ when: { step: 'response', request }, do: {} });
    for (const refuse of Object.keys(constants.errno))
      faults.add({ when: { step: 'welcome' }, do: { refuse } });
    for (const error of Object.keys(CS_ERROR_CODES)) add({ when: { step: 'request' }, do: { error } });
  });

  it('with properties that are undefined: they are as if they were not there', async () => {
    const maybe = undefined as string | undefined;
    await using fake = await FakeCorosync.start({
      entries: undefined,
      ipcType: undefined,
      faults: undefined,
    });
    await using client = await CmapClient.connect(fake.connectOptions);
    const when = { step: 'request', request: 'get', key: maybe, nth: undefined } as const;
    fake.faults.add({ when, do: { error: 'CS_ERR_BUSY' } });
    fake.faults.add({ when, do: { error: undefined, delayMs: 1 } });
    expect(await ourOutcome(() => client.get('a.key'))).toBe('CS_ERR_BUSY');
    fake.faults.add({ when: { step: 'welcome' }, do: { fields: { id: undefined } } });
    expect(await ourOutcome(() => CmapClient.connect(fake.connectOptions))).toBe('CS_OK');
  });
});
