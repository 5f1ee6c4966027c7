import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { CmapClient } from '../../src/index.ts';
import { FakeCorosync } from '../../src/testing/index.ts';
import { collect } from '../helpers/integration/integration-collect.ts';
import { collectGarbage } from '../helpers/memory/memory-garbage.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const CRASHING = 'quorum.cancel_wait_for_all';
const ENTRIES = { [CRASHING]: { type: 'uint8', value: 0 }, 'a.b.c': { type: 'uint8', value: 1 } } as const;
const BUSY = { code: 'CS_ERR_BUSY' };
/** Enough for a request to be sent, on any machine, and less than its answer takes here. */
const [SENT_MS, ANSWER_MS] = [200, 500];

const errorOf = (call: Promise<unknown>): Promise<unknown> => call.catch((error: unknown) => error);

/** A fake with two clients. */
async function twoClients(): Promise<{
  fake: FakeCorosync;
  one: CmapClient;
  other: CmapClient;
  [Symbol.asyncDispose]: () => Promise<void>;
}> {
  const fake = await FakeCorosync.start({ entries: ENTRIES });
  const [one, other] = [
    await CmapClient.connect(fake.connectOptions),
    await CmapClient.connect(fake.connectOptions),
  ];
  const close = async (): Promise<void> => {
    one.destroy();
    other.destroy();
    await fake.stop();
  };
  return { fake, one, other, [Symbol.asyncDispose]: close };
}

describe('a change at which corosync would crash', () => {
  it('keeps trackers out until it has been answered, on any connection', async () => {
    await using stage = await twoClients();
    const { fake, one, other } = stage;
    fake.pause();
    const change = one.setUint8(CRASHING, 1);
    expect(await errorOf(other.track('quorum.', { prefix: true }))).toMatchObject(BUSY);
    expect(await errorOf(one.track('', { prefix: true }))).toMatchObject(BUSY);
    fake.resume();
    await change;
    await other.track('quorum.', { prefix: true });
    expect(await errorOf(one.setUint8(CRASHING, 1))).toMatchObject(BUSY);
  });

  it('keeps them out, too, if its caller has given up, until the answer comes or the connection ends', async () => {
    await using stage = await twoClients();
    const { fake, one, other } = stage;
    fake.pause();
    const change = one.setUint8(CRASHING, 1, { timeoutMs: SENT_MS });
    expect(await errorOf(change)).toMatchObject({ code: 'CS_ERR_TIMEOUT' });
    expect(await errorOf(other.track('quorum.', { prefix: true }))).toMatchObject(BUSY);
    one.destroy();
    fake.resume();
    await (await other.track('quorum.', { prefix: true })).close();
  });

  it('that was never sent keeps nobody out', async () => {
    await using stage = await twoClients();
    const { fake, one, other } = stage;
    expect(await errorOf(one.setUint8(CRASHING, 1, { signal: AbortSignal.abort() }))).toBeDefined();
    fake.pause();
    const first = one.get('a.b.c');
    await waitUntil('it is sent', () => fake.clients[0] !== undefined);
    const queued = one.setUint8(CRASHING, 1, { timeoutMs: 20 });
    await sleep(1);
    expect(await errorOf(queued)).toMatchObject({ code: 'CS_ERR_TIMEOUT' });
    fake.resume();
    await first;
    await (await other.track('quorum.', { prefix: true })).close();
  });
});

describe('a track that comes to nothing', () => {
  it('leaves no note of its key: never sent, or refused after its caller had given up', async () => {
    await using stage = await twoClients();
    const { fake, one } = stage;
    const aborted = one.track('quorum.', { prefix: true, signal: AbortSignal.abort() });
    expect(await errorOf(aborted)).toMatchObject({ name: 'AbortError' });
    await one.setUint8(CRASHING, 1);
    fake.faults.add({
      when: { step: 'request', request: 'trackAdd' },
      do: { error: 'CS_ERR_NO_MEMORY', delayMs: ANSWER_MS },
    });
    const late = one.track('quorum.', { prefix: true, timeoutMs: SENT_MS });
    expect(await errorOf(late)).toMatchObject({ code: 'CS_ERR_TIMEOUT' });
    expect(await errorOf(one.setUint8(CRASHING, 2))).toMatchObject(BUSY);
    await one.get('a.b.c');
    await one.setUint8(CRASHING, 3);
  });

  it('is deleted if it was added after all, and then leaves no note', async () => {
    await using stage = await twoClients();
    const { fake, one } = stage;
    fake.faults.add({ when: { step: 'request', request: 'trackAdd' }, do: { delayMs: ANSWER_MS } });
    const late = one.track('quorum.', { prefix: true, timeoutMs: SENT_MS });
    expect(await errorOf(late)).toMatchObject({ code: 'CS_ERR_TIMEOUT' });
    await one.get('a.b.c');
    await waitUntil('the tracker is deleted', () => fake.clients[0]?.trackers.length === 0);
    await one.get('a.b.c');
    await one.setUint8(CRASHING, 3);
  });
});

describe('deadlines', () => {
  afterEach(() => void vi.restoreAllMocks());

  it('of an iteration hold for its finalize, and so does its signal', async () => {
    await using stage = await twoClients();
    const { fake, one } = stage;
    const slow = { when: { step: 'request', request: 'iterFinalize' }, do: { delayMs: 800 } } as const;
    fake.faults.add(slow);
    expect(await errorOf(collect(one.keys('', { timeoutMs: 300 })))).toMatchObject({
      code: 'CS_ERR_TIMEOUT',
      operation: 'cmap_iter_finalize',
    });
    await one.get('a.b.c');
    fake.faults.add(slow);
    const signal = AbortSignal.timeout(300);
    expect(await errorOf(collect(one.keys('', { signal })))).toMatchObject({ name: 'TimeoutError' });
  });

  it('of a track in the stats map hold for its requests together', async () => {
    await using fake = await FakeCorosync.start({ stats: { 'stats.a.b': { type: 'uint64', value: 1n } } });
    await using client = await CmapClient.connect({ ...fake.connectOptions, map: 'stats' });
    const now = performance.now.bind(performance);
    /** The first request takes all the time, by the clock. */
    const change = (answer: Buffer): Buffer => {
      vi.spyOn(performance, 'now').mockImplementation(() => now() + 60_001);
      return answer;
    };
    fake.faults.add({ when: { step: 'response', request: 'get' }, do: { change } });
    fake.faults.add({ when: { step: 'request', request: 'trackAdd' }, do: { delayMs: 2 ** 31 - 1 } });
    expect(await errorOf(client.track('stats.a.b', { timeoutMs: 60_000 }))).toMatchObject({
      code: 'CS_ERR_TIMEOUT',
      operation: 'cmap_track_add',
    });
  });
});

describe('calls that are given up while corosync does not answer', () => {
  it('are not kept', async () => {
    await using stage = await twoClients();
    const { fake, one } = stage;
    fake.pause();
    const value = { type: 'binary', value: Buffer.alloc(16_000) } as const;
    const before = process.memoryUsage().arrayBuffers;
    for (let round = 0; round < 12; round++) {
      const calls = Array.from({ length: 500 }, () => one.set('a.b.c', value, { timeoutMs: 5 }));
      expect((await Promise.allSettled(calls)).every(({ status }) => status === 'rejected')).toBe(true);
    }
    await collectGarbage();
    // 6,000 of them would be 96 MB.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(60e6);
    fake.resume();
    await one.get('a.b.c');
  });
});

describe('a tracker', () => {
  it('that is deleted with a wrong option can still be deleted', async () => {
    await using stage = await twoClients();
    const { fake, one } = stage;
    const tracker = await one.track('a.', { prefix: true });
    expect(await errorOf(tracker.close({ timeoutMs: -1 }))).toMatchObject({ code: 'CS_ERR_INVALID_PARAM' });
    await tracker.close();
    expect(fake.clients[0]?.trackers).toEqual([]);
  });

  it('of the stats map is no reason to refuse a change', async () => {
    await using stage = await twoClients();
    const { fake, one } = stage;
    await using stats = await CmapClient.connect({ ...fake.connectOptions, map: 'stats' });
    await stats.track('', { prefix: true, events: ['add', 'delete'] });
    await one.setUint8(CRASHING, 1);
  });
});
