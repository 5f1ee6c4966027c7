import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { CmapClient, CmapSession, type CmapFollowEvent } from '../../src/index.ts';
import { HOLD_MS } from '../../src/ipc/calls/change-pace.ts';
import { FakeCorosync } from '../../src/testing/index.ts';
import { RETRY_MS } from '../../src/testing/server/event-sender.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const SMALL = 65_536;
const SOON = { everyMs: 1, timeoutMs: 25_000 };
/** What a ring of 69,632 bytes holds of events like those below. */
const PER_RING = 197;

/** In one turn, so that nobody reads meanwhile. */
function flood(fake: FakeCorosync, key: string, count: number, value = (i: number): number => i): void {
  for (let i = 0; i < count; i++) fake.cmap.set(key, { type: 'uint32', value: value(i) });
}

/** However slow this machine is, what waits for so long does so until something else ends its wait. */
function endless(timeMs: number): void {
  const { setTimeout: realTimeout } = globalThis;
  const patient = (callback: () => void, ms: number): NodeJS.Timeout =>
    realTimeout(callback, ms === timeMs ? 60_000 : ms);
  vi.stubGlobal('setTimeout', patient);
}

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('a backlog of notifications', () => {
  it('is fetched from corosync, ring by ring, which else tries again each 50 ms; after that nothing more is asked', async () => {
    endless(RETRY_MS);
    await using fake = await FakeCorosync.start();
    const client = await CmapClient.connect({ ...fake.connectOptions, bufferSize: SMALL });
    const told: unknown[] = [];
    await client.track('flood.', {
      prefix: true,
      listener: (event) => told.push(event.kind === 'notification' && event.newValue?.value),
    });
    const before = fake.counters.requests;
    flood(fake, 'flood.key', 3000);
    expect(fake.clients[0]?.queuedEvents).toBeGreaterThan(2000);
    await waitUntil('all are told', () => told.length === 3000, SOON);
    expect(told).toEqual(Array.from({ length: 3000 }, (_, i) => i));
    await sleep(100);
    const requests = fake.counters.requests - before;
    expect(requests).toBeGreaterThanOrEqual(Math.floor(3000 / PER_RING) - 3);
    expect(requests).toBeLessThanOrEqual(Math.ceil(3000 / PER_RING) + 4);
    await sleep(100);
    expect(fake.counters.requests - before).toBe(requests);
    await client.close();
  });

  it.each(['shm', 'socket'] as const)('%s: is seen in the status while it comes in', async (ipcType) => {
    await using fake = await FakeCorosync.start({ ipcType });
    await using session = CmapSession.open({ ...fake.connectOptions, bufferSize: SMALL });
    const seen: unknown[] = [];
    const listener = (event: CmapFollowEvent): void => {
      if (event.kind === 'notification') seen.push(session.status);
    };
    const follower = session.follow('flood.', { prefix: true, listener });
    await session.ready();
    expect(session.status).toEqual({ state: 'resynced' });
    flood(fake, 'flood.key', 1000);
    await waitUntil('all is known', () => follower.values.get('flood.key')?.value === 999, SOON);
    expect(seen).toContainEqual({ state: 'resynced', behind: true });
    await waitUntil('nothing waits', () => !('behind' in session.status), SOON);
    expect(session.status).toEqual({ state: 'resynced' });
  });

  it.each(['shm', 'socket'] as const)(
    '%s: is told in the statuses: when it begins, and when it has been over for a while',
    async (ipcType) => {
      await using fake = await FakeCorosync.start({ ipcType });
      const session = CmapSession.open({ ...fake.connectOptions, bufferSize: SMALL });
      session.follow('flood.', { prefix: true, listener: () => undefined });
      await session.ready();
      const told: unknown[] = [];
      const reading = (async () => {
        for await (const status of session.statuses()) told.push(status);
      })();
      flood(fake, 'flood.key', 3000);
      await waitUntil('the end is told', () => told.length === 3, SOON);
      await session.close();
      await reading;
      const [calm, behind] = [{ state: 'resynced' }, { state: 'resynced', behind: true }];
      expect(told).toEqual([calm, behind, calm, { state: 'closed' }]);
    },
  );

  it('holds back the changes of who writes faster than he reads: corosync would keep all that they cause', async () => {
    // Nothing goes out because it has waited long enough.
    endless(HOLD_MS);
    await using fake = await FakeCorosync.start();
    const client = await CmapClient.connect({ ...fake.connectOptions, bufferSize: SMALL });
    let told = 0;
    for (let i = 0; i < 20; i++) await client.track('mine.', { prefix: true, listener: () => (told += 1) });
    let [most, changes] = [0, 0];
    const look = setInterval(() => (most = Math.max(most, fake.clients[0]?.queuedEvents ?? 0)), 1);
    for (let round = 0; round < 10; round++) {
      const sets = Array.from({ length: 200 }, (_, i) => client.setUint32('mine.key', round * 200 + i + 1));
      await Promise.all(sets);
      changes += sets.length;
    }
    clearInterval(look);
    expect(most).toBeLessThan((20 * changes) / 4);
    await waitUntil('all are told', () => told === 20 * changes, SOON);
    await client.close();
  });

  it.each(['shm', 'socket'] as const)('%s: nothing is asked where there is none', async (ipcType) => {
    await using fake = await FakeCorosync.start({ ipcType });
    const client = await CmapClient.connect(fake.connectOptions);
    let told = 0;
    await client.track('drop.', { prefix: true, listener: () => (told += 1) });
    const before = fake.counters.requests;
    for (let i = 0; i < 30; i++) {
      flood(fake, 'drop.key', 3, (k) => i * 3 + k);
      await waitUntil('they are told', () => told === i * 3 + 3, SOON);
    }
    await sleep(50);
    expect(fake.counters.requests).toBe(before);
    await client.close();
  });

  it('waits while flow control holds', async () => {
    await using fake = await FakeCorosync.start();
    const client = await CmapClient.connect({ ...fake.connectOptions, bufferSize: SMALL });
    let told = 0;
    await client.track('flood.', { prefix: true, listener: () => (told += 1) });
    const before = fake.counters.requests;
    fake.setFlowControl(2);
    flood(fake, 'flood.key', 1000);
    await sleep(100);
    expect(fake.counters.requests).toBe(before);
    fake.setFlowControl(0);
    await waitUntil('all are told', () => told === 1000, SOON);
    expect(fake.counters.requests).toBeGreaterThan(before);
    await client.close();
  });

  it.each(['shm', 'socket'] as const)(
    '%s: a snapshot comes when it is fetched: what it contains is not told again, though values recur',
    async (ipcType) => {
      await using fake = await FakeCorosync.start({ ipcType });
      let last = 0;
      // One key whose value recurs, and one that says how often.
      const change = (count: number): void => {
        for (let i = 0; i < count; i++) {
          last += 1;
          fake.cmap.set('flood.recurs', { type: 'uint8', value: last % 2 });
          fake.cmap.set('flood.seq', { type: 'uint32', value: last });
        }
      };
      change(1);
      await using session = CmapSession.open({ ...fake.connectOptions, bufferSize: SMALL });
      session.follow('flood.', { prefix: true, listener: () => undefined });
      await session.ready();
      const events: CmapFollowEvent[] = [];
      change(500);
      const follower = session.follow('flood.', { prefix: true, listener: (event) => events.push(event) });
      // After its tracker was added and before the map is read, and on.
      for (let i = 0; i < 10; i++) {
        await sleep(1);
        change(100);
      }
      await waitUntil('all is known', () => follower.values.get('flood.seq')?.value === last, SOON);
      const [snapshot, ...changes] = events;
      if (snapshot?.kind !== 'snapshot') throw new Error('no snapshot');
      const first = Number(snapshot.entries.find(({ key }) => key === 'flood.seq')?.value.value);
      const told = changes.map((event) => (event.kind === 'notification' ? event.key : event.kind));
      expect(told).toEqual(Array.from({ length: last - first }, () => ['flood.recurs', 'flood.seq']).flat());
    },
  );
});
