import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CmapClient, CmapSession, type CmapValue } from '../../src/index.ts';
import { FakeCorosync } from '../../src/testing/index.ts';
import { collect } from '../helpers/integration/integration-collect.ts';

const uint8 = (value: number): CmapValue => ({ type: 'uint8', value });

let corosync: FakeCorosync;
beforeAll(async () => {
  corosync = await FakeCorosync.start();
});
afterAll(() => corosync.stop());

const OPENING = {
  client: () => CmapClient.connect(corosync.connectOptions),
  session: () => Promise.resolve(CmapSession.open(corosync.connectOptions)),
} as const;

describe.each(['client', 'session'] as const)('a %s of cmap', (kind) => {
  let cmap: CmapClient | CmapSession;
  beforeEach(async () => {
    for (const key of corosync.cmap.entries().keys()) if (key.startsWith('test.')) corosync.cmap.delete(key);
    cmap = await OPENING[kind]();
  });
  afterEach(() => cmap.close());
  const stored = (key = 'test.key'): CmapValue | undefined => corosync.cmap.get(key);

  it('sets, reads and deletes', async () => {
    await cmap.set('test.key', uint8(1));
    expect(stored()).toEqual(uint8(1));
    expect(await cmap.get('test.key')).toEqual(uint8(1));
    await cmap.delete('test.key');
    expect(stored()).toBeUndefined();
  });

  it('adds, one up or down too', async () => {
    corosync.cmap.set('test.key', uint8(10));
    await cmap.adjust('test.key', 5);
    expect(stored()).toEqual(uint8(15));
    await cmap.adjust('test.key', -3);
    expect(stored()).toEqual(uint8(12));
    await cmap.increment('test.key');
    expect(stored()).toEqual(uint8(13));
    await cmap.decrement('test.key');
    await cmap.decrement('test.key');
    expect(stored()).toEqual(uint8(11));
  });

  it('lists what begins with a prefix, or all', async () => {
    for (const key of ['test.a', 'test.b', 'test.other']) corosync.cmap.set(key, uint8(7));
    expect(await collect(cmap.entries('test.'))).toEqual(
      ['test.a', 'test.b', 'test.other'].map((key) => ({ key, value: uint8(7) })),
    );
    expect((await collect(cmap.keys('test.o'))).map(({ key }) => key)).toEqual(['test.other']);
    const all = [...corosync.cmap.entries().keys()].sort();
    expect((await collect(cmap.keys())).map(({ key }) => key)).toEqual(all);
    expect((await collect(cmap.entries())).map(({ key }) => key)).toEqual(all);
  });

  it('refuses at once, by the name of its C function, a key that cannot be', async () => {
    const calls = {
      cmap_get: (key: string) => cmap.get(key),
      cmap_set: (key: string) => cmap.set(key, uint8(1)),
      cmap_delete: (key: string) => cmap.delete(key),
      cmap_adjust_int: (key: string) => cmap.adjust(key, 2),
      cmap_inc: (key: string) => cmap.increment(key),
      cmap_dec: (key: string) => cmap.decrement(key),
    };
    const before = corosync.counters.requests;
    for (const [operation, call] of Object.entries(calls)) {
      for (const key of ['no key', 'x'.repeat(256)])
        await expect(call(key)).rejects.toMatchObject({ name: 'CsError', operation, key, sent: 'no' });
    }
    for (const list of [() => cmap.keys('x'.repeat(256)), () => cmap.entries('x'.repeat(256))])
      await expect((async () => collect<unknown>(list()))()).rejects.toMatchObject({
        operation: 'cmap_iter_init',
        sent: 'no',
      });
    expect(corosync.counters.requests).toBe(before);
  });

  it('says by the name of its C function what corosync refuses', async () => {
    const calls = {
      cmap_get: () => cmap.get('test.nothing'),
      cmap_delete: () => cmap.delete('test.nothing'),
      cmap_adjust_int: () => cmap.adjust('test.nothing', 2),
      cmap_inc: () => cmap.increment('test.nothing'),
      cmap_dec: () => cmap.decrement('test.nothing'),
    };
    for (const [operation, call] of Object.entries(calls))
      await expect(call()).rejects.toMatchObject({ code: 'CS_ERR_NOT_EXIST', operation, sent: 'yes' });
  });

  it.each([
    ['deleted', 'cmap_delete', (key: string) => cmap.delete(key)],
    ['added to', 'cmap_adjust_int', (key: string) => cmap.adjust(key, 1)],
    ['set to another type', 'cmap_set', (key: string) => cmap.set(key, uint8(1))],
  ])('lets no key be %s at which corosync would crash', async (_what, operation, change) => {
    corosync.cmap.set('runtime.force_gather', { type: 'string', value: 'yes' });
    await expect(change('runtime.force_gather')).rejects.toMatchObject({
      code: 'CS_ERR_INVALID_PARAM',
      operation,
      sent: 'no',
    });
    expect(stored('runtime.force_gather')).toEqual({ type: 'string', value: 'yes' });
  });

  it('lets nobody delete a key that may only be set', async () => {
    const key = 'logging.logger_subsys.TEST.debug';
    await cmap.set(key, { type: 'string', value: 'on' });
    await expect(cmap.delete(key)).rejects.toMatchObject({ code: 'CS_ERR_INVALID_PARAM', sent: 'no' });
    expect(stored(key)).toEqual({ type: 'string', value: 'on' });
  });

  it('refuses limits that make no sense, by the name of its C function', async () => {
    const never = { timeoutMs: -1 };
    await expect(cmap.get('test.key', never)).rejects.toMatchObject({
      operation: 'cmap_get',
      key: 'test.key',
    });
    for (const list of [() => cmap.keys('test.', never), () => cmap.entries('test.', never)])
      await expect((async () => collect<unknown>(list()))()).rejects.toMatchObject({
        operation: 'cmap_iter_init',
        key: 'test.',
      });
  });

  it('adds no more than an int32', async () => {
    await expect(cmap.adjust('test.key', 2 ** 31)).rejects.toMatchObject({
      code: 'CS_ERR_INVALID_PARAM',
      operation: 'cmap_adjust_int',
    });
  });

  it('ends with its scope', async () => {
    await cmap[Symbol.asyncDispose]();
    await expect(cmap.get('test.key')).rejects.toMatchObject({ code: 'CS_ERR_BAD_HANDLE' });
  });
});

describe('a client of cmap', () => {
  it('tells what carries it, and how much', async () => {
    await using client = await CmapClient.connect({ ...corosync.connectOptions, bufferSize: 65_536 });
    expect([client.transport, client.bufferSize, client.behind, client.closed, client.map]).toEqual([
      'shared-memory',
      expect.any(Number),
      false,
      false,
      'icmap',
    ]);
    expect(client.bufferSize).toBeGreaterThanOrEqual(65_536);
  });

  it('has told all events when it has caught up, and cannot once it is closed', async () => {
    const client = await CmapClient.connect(corosync.connectOptions);
    let told = 0;
    await client.track('test.', { prefix: true, listener: () => (told += 1) });
    for (let value = 0; value < 50; value++) corosync.cmap.set('test.key', uint8(value));
    await client.get('test.key');
    await client.caughtUp();
    expect(told).toBeGreaterThan(0);
    expect(corosync.clients[0]?.queuedEvents).toBe(0);
    await client.close();
    await expect(client.caughtUp()).rejects.toMatchObject({
      code: 'CS_ERR_BAD_HANDLE',
      operation: 'cmap_dispatch',
    });
  });

  it('of the stats map tracks a number, or a key that is not there yet, and no text', async () => {
    await using client = await CmapClient.connect({ ...corosync.connectOptions, map: 'stats' });
    corosync.cmap.setStat('stats.some.number', { type: 'uint32', value: 1 });
    corosync.cmap.setStat('stats.some.text', { type: 'string', value: 'a' });
    corosync.cmap.setStat('stats.some.bytes', { type: 'binary', value: Uint8Array.of(1) });
    await client.track('stats.some.number');
    await client.track('stats.some.later');
    for (const key of ['stats.some.text', 'stats.some.bytes'])
      await expect(client.track(key)).rejects.toMatchObject({ code: 'CS_ERR_INVALID_PARAM', sent: 'no' });
    const tracked = corosync.clients.flatMap(({ trackers }) => trackers.map(({ key }) => key));
    expect(tracked).toEqual(['stats.some.number', 'stats.some.later']);
  });

  it('of the stats map does not track what it could not look at', async () => {
    await using client = await CmapClient.connect({ ...corosync.connectOptions, map: 'stats' });
    corosync.faults.add({
      when: { step: 'response', service: 'cmap', request: 'get' },
      do: { error: 'CS_ERR_NO_MEMORY' },
    });
    await expect(client.track('stats.some.number')).rejects.toMatchObject({ code: 'CS_ERR_NO_MEMORY' });
    expect(corosync.clients.flatMap(({ trackers }) => trackers)).toEqual([]);
  });
});
