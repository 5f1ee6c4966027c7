import fs from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CmapClient, type CmapValue } from '../../src/index.ts';
import { FakeCorosync, type MessageFault } from '../../src/testing/index.ts';
import { ourOutcome } from '../helpers/integration/integration-outcome.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const SOON = { everyMs: 1 };
const BUFFER_SIZE = 65_536;
const value = (number: number): { readonly 'life.key': CmapValue } => ({
  'life.key': { type: 'uint8', value: number },
});

/** Sockets that listen, of this process, in the directory of a fake. */
const listeners = (fake: FakeCorosync): number =>
  fs
    .readFileSync('/proc/net/unix', 'utf8')
    .split('\n')
    .filter(
      (line) =>
        line.includes(` ${fake.connectOptions.socketDirectory ?? '?'}/`) && line.includes(' 00010000 '),
    ).length;

describe('changes of a fake’s state', () => {
  let fake: FakeCorosync;
  beforeEach(async () => {
    fake = await FakeCorosync.start({ entries: value(0) });
  });
  afterEach(async () => {
    await fake.stop();
    expect(listeners(fake)).toBe(0);
  });

  const get = async (): Promise<number> => {
    await using client = await CmapClient.connect({ ...fake.connectOptions, bufferSize: BUFFER_SIZE });
    return await client.getUint8('life.key');
  };
  const outcome = (): Promise<string> =>
    ourOutcome(async () => (await CmapClient.connect(fake.connectOptions)).close());

  it('two restarts at once are made one after the other, and one listens', async () => {
    await Promise.all([fake.restart({ entries: value(1) }), fake.restart({ entries: value(2) })]);
    expect([fake.running, listeners(fake), await get()]).toEqual([true, 1, 2]);
  });

  it('a death during a restart is that of what has started', async () => {
    const restarting = fake.restart({ entries: value(1) });
    fake.die();
    await restarting;
    await waitUntil('nobody listens', () => listeners(fake) === 0, SOON);
    expect([fake.running, await outcome()]).toEqual([false, 'CS_ERR_LIBRARY']);
    await fake.restart();
    expect([fake.running, await get()]).toEqual([true, 0]);
  });

  it('a death takes effect at once, and a restart after it waits until it is complete', async () => {
    const client = await CmapClient.connect({ ...fake.connectOptions, bufferSize: BUFFER_SIZE });
    fake.die();
    fake.die();
    expect([fake.running, fake.clients]).toEqual([false, []]);
    const restarting = fake.restart({ entries: value(3) });
    expect(await client.whenClosed()).toMatchObject({ code: 'CS_ERR_LIBRARY' });
    await restarting;
    expect([fake.running, listeners(fake), await get()]).toEqual([true, 1, 3]);
  });

  it('any sequence of them, asked for at once, ends as its last one says', async () => {
    for (const last of ['die', 'restart'] as const) {
      const restarts: Promise<void>[] = [];
      const begin = (what: 'die' | 'restart'): void => {
        if (what === 'die') fake.die();
        else restarts.push(fake.restart());
      };
      for (let i = 0; i < 12; i++) begin(i % 3 === 0 ? 'die' : 'restart');
      begin(last);
      await Promise.all(restarts);
      const expected = last === 'restart' ? 1 : 0;
      await waitUntil('it has come to rest', () => listeners(fake) === expected, SOON);
      expect(fake.running).toBe(last === 'restart');
    }
  });

  it('a stop during a restart comes after it; then nothing else does', async () => {
    const restarting = fake.restart();
    const stopping = fake.stop();
    fake.die();
    await expect(fake.restart()).rejects.toThrow('this fake was stopped');
    await Promise.all([restarting, stopping]);
    expect([fake.running, listeners(fake)]).toEqual([false, 0]);
    expect(fs.existsSync(fake.connectOptions.socketDirectory ?? '')).toBe(false);
  });

  it('a restart that fails does not keep the next one from being made', async () => {
    await using blocked = await FakeCorosync.start();
    const { socketDirectory = '' } = blocked.connectOptions;
    blocked.die();
    await waitUntil('it is dead', () => listeners(blocked) === 0, SOON);
    fs.rmSync(`${socketDirectory}/cmap`);
    fs.mkdirSync(`${socketDirectory}/cmap`);
    await expect(blocked.restart()).rejects.toThrow();
    fs.rmdirSync(`${socketDirectory}/cmap`);
    await blocked.restart();
    expect(listeners(blocked)).toBe(1);
  });

  const ENDS = {
    dies: () => fake.die(),
    stops: () => void fake.stop(),
    restarts: () => void fake.restart(),
    'closes its clients': () => {
      for (const client of fake.clients) client.close();
    },
  } as const;

  describe.each(Object.entries(ENDS))('a fault’s change that %s', (_what, end) => {
    const change = (message: Buffer): Buffer => {
      end();
      return message;
    };

    it.each(['response', 'event'] as const)('in a message: %s', async (step) => {
      const client = await CmapClient.connect({ ...fake.connectOptions, bufferSize: BUFFER_SIZE });
      await client.track('life.', { prefix: true, listener: () => undefined });
      const effect: MessageFault = { change };
      fake.faults.add({ when: { step }, do: effect });
      await ourOutcome(() => client.setUint8('life.key', 9));
      expect(await client.whenClosed()).toMatchObject({ code: 'CS_ERR_LIBRARY' });
    });

    it('in the answer to a handshake', async () => {
      fake.faults.add({ when: { step: 'welcome' }, do: { change } });
      const options = { ...fake.connectOptions, bufferSize: BUFFER_SIZE, tryAgainAttempts: 0 };
      const connecting = ourOutcome(async () => {
        const client = await CmapClient.connect(options);
        await client.whenClosed();
      });
      expect(['CS_OK', 'CS_ERR_LIBRARY', 'CS_ERR_NOT_EXIST']).toContain(await connecting);
    });
  });
});
