import { describe, expect, it } from 'vitest';
import { CmapClient, type CsErrorName } from '../../src/index.ts';
import { FakeCorosync, type Fault, type StepFault, type WelcomeFields } from '../../src/testing/index.ts';
import { ourOutcome } from '../helpers/integration/integration-outcome.ts';
import { waitUntil } from '../helpers/wait-until.ts';
import { connectingUnder, IN_VAIN } from './under-fault.ts';

const ENDS: readonly StepFault[] = [
  { die: 'before' },
  { die: 'after' },
  { close: 'before' },
  { close: 'after' },
];

const welcome = (effect: Extract<Fault, { when: { step: 'welcome' } }>['do'], times = Infinity): Fault => ({
  when: { step: 'welcome', times },
  do: effect,
});

describe('connecting', () => {
  it.each<[string, CsErrorName]>([
    ['EACCES', 'CS_ERR_ACCESS'],
    ['ENOSPC', 'CS_ERR_NO_SPACE'],
    ['EMFILE', 'CS_ERR_LIBRARY'],
    ['ENOMEM', 'CS_ERR_NO_MEMORY'],
    ['ENOSYS', 'CS_ERR_NOT_SUPPORTED'],
    ['EAGAIN', 'CS_ERR_TRY_AGAIN'],
  ])('that is refused with %s: %s', async (errno, outcome) => {
    expect(await connectingUnder([welcome({ refuse: errno })])).toEqual({ outcome, connections: 0 });
  });

  it('that is put off with EAGAIN is tried again', async () => {
    expect(await connectingUnder([welcome({ refuse: 'EAGAIN' }, 1)])).toEqual({
      outcome: 'CS_OK',
      connections: 1,
    });
  });

  it.each<[Partial<WelcomeFields>, CsErrorName]>([
    [{ id: 0 }, 'CS_ERR_SECURITY'],
    [{ size: 24 }, 'CS_OK'], // the bytes are all there
    [{ error: 5 }, 'CS_ERR_SECURITY'],
    [{ connectionType: 9 }, 'CS_ERR_SECURITY'],
    [{ maxMessageSize: 0xffffffff }, 'CS_ERR_SECURITY'],
    [{ request: '/etc/passwd' }, 'CS_ERR_SECURITY'],
    [{ response: '/dev/shm/qb-1-1-1-aaaaaa/qb-response-cmap' }, 'CS_ERR_SECURITY'],
    [{ event: '' }, 'CS_ERR_SECURITY'],
    [{ event: 'e'.repeat(4096) }, 'CS_ERR_SECURITY'],
  ])('with an answer that says %o: %s', async (fields, outcome) => {
    expect((await connectingUnder([welcome({ fields })])).outcome).toBe(outcome);
  });

  it.each([[[1]], [[23, 1]], [[12_327]], [Array.from({ length: 60 }, () => 200)]])(
    'with an answer in pieces of %o',
    async (split) => {
      const outcome = await connectingUnder([welcome({ split })]);
      expect(outcome).toEqual({ outcome: 'CS_OK', connections: 1 });
    },
  );

  it.each<[string, (answer: Buffer) => Uint8Array, CsErrorName]>([
    ['nothing', () => Buffer.alloc(0), 'CS_ERR_TIMEOUT'],
    ['half of it', (answer) => answer.subarray(0, 6000), 'CS_ERR_TIMEOUT'],
    ['a byte less', (answer) => answer.subarray(1), 'CS_ERR_TIMEOUT'],
    ['a byte more', (answer) => Buffer.concat([answer, Buffer.alloc(1)]), 'CS_ERR_SECURITY'],
    ['twice', (answer) => Buffer.concat([answer, answer]), 'CS_ERR_SECURITY'],
    ['noise', (answer) => Buffer.alloc(answer.length, 0xa5), 'CS_ERR_SECURITY'],
  ])('with an answer that is %s', async (_what, change, outcome) => {
    const options = outcome === 'CS_ERR_TIMEOUT' ? IN_VAIN : {};
    expect((await connectingUnder([welcome({ change })], options)).outcome).toBe(outcome);
  });

  it.each(['accept', 'authenticate', 'welcome'] as const)('to a server that is slow at %s', async (step) => {
    expect((await connectingUnder([{ when: { step }, do: { delayMs: 30 } }])).outcome).toBe('CS_OK');
    const endless: Fault = { when: { step, times: Infinity }, do: { delayMs: 600_000 } };
    expect((await connectingUnder([endless], IN_VAIN)).outcome).toBe('CS_ERR_TIMEOUT');
  });

  it.each(['accept', 'authenticate', 'welcome'] as const)(
    'to a server that dies or hangs up at %s, before or after',
    async (step) => {
      for (const effect of ENDS) {
        const { outcome } = await connectingUnder([{ when: { step, times: Infinity }, do: effect }]);
        const welcomed = step === 'welcome' && Object.values(effect)[0] === 'after';
        // Welcomed, a client may look for its files when they are there, and when they are gone.
        const possible = welcomed ? ['CS_OK', 'CS_ERR_LIBRARY', 'CS_ERR_NOT_EXIST'] : ['CS_ERR_LIBRARY'];
        expect(possible).toContain(outcome);
      }
    },
  );

  it('that is hung up once is tried again', async () => {
    const fault: Fault = { when: { step: 'authenticate' }, do: { close: 'before' } };
    expect(await connectingUnder([fault])).toEqual({ outcome: 'CS_OK', connections: 1 });
  });

  it('to a server that is stopped waits until it goes on', async () => {
    await using fake = await FakeCorosync.start();
    fake.pause();
    expect(await ourOutcome(() => CmapClient.connect({ ...fake.connectOptions, ...IN_VAIN }))).toBe(
      'CS_ERR_TIMEOUT',
    );
    const connecting = CmapClient.connect(fake.connectOptions);
    fake.resume();
    await using client = await connecting;
    expect(await ourOutcome(() => client.get('no.key'))).toBe('CS_ERR_NOT_EXIST');
  });
});

describe('death and restart', () => {
  it('closes every client, leaves their files and refuses new ones, until it is there again as it was first', async () => {
    await using fake = await FakeCorosync.start({ entries: { 'first.key': { type: 'uint8', value: 1 } } });
    const clients = [
      await CmapClient.connect(fake.connectOptions),
      await CmapClient.connect(fake.connectOptions),
    ];
    await clients[0]?.setUint8('second.key', 2);
    fake.die();
    fake.die();
    expect(fake.running).toBe(false);
    for (const client of clients) expect(await client.whenClosed()).toMatchObject({ code: 'CS_ERR_LIBRARY' });
    expect(await ourOutcome(() => CmapClient.connect(fake.connectOptions))).toBe('CS_ERR_LIBRARY');
    await fake.restart();
    await using client = await CmapClient.connect(fake.connectOptions);
    expect(await client.getUint8('first.key')).toBe(1);
    expect(await ourOutcome(() => client.get('second.key'))).toBe('CS_ERR_NOT_EXIST');
    await fake.restart({ entries: { 'third.key': { type: 'uint8', value: 3 } } });
    expect(await client.whenClosed()).toMatchObject({ code: 'CS_ERR_LIBRARY' });
    await using again = await CmapClient.connect(fake.connectOptions);
    expect(await again.getUint8('third.key')).toBe(3);
    expect([...fake.cmap.entries().keys()]).toEqual(['third.key']);
  });

  it('can come at any moment of a busy time: every call ends, with a value or an error of ours', async () => {
    for (let nth = 1; nth < 60; nth += 7) {
      const fault: Fault = { when: { step: 'response', nth }, do: { die: 'during' } };
      await using fake = await FakeCorosync.start({ faults: [fault] });
      const client = await CmapClient.connect({ ...fake.connectOptions, bufferSize: 65_536 });
      const calls = Array.from({ length: 60 }, (_, i) => ourOutcome(() => client.setUint32(`busy.${i}`, i)));
      const outcomes = await Promise.all(calls);
      expect(outcomes.filter((outcome) => outcome === 'CS_OK')).toHaveLength(nth - 1);
      expect(new Set(outcomes.slice(nth - 1))).toEqual(new Set(['CS_ERR_LIBRARY']));
      await waitUntil('it is closed', () => client.closed);
    }
  });
});
