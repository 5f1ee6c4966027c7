import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { CmapSession, type CmapFollowEvent } from '../../src/index.ts';
import { cmapLoad } from '../helpers/corosync/c-peer.ts';
import { spawnProgram } from '../helpers/integration/integration-child.ts';
import { describeOnCorosync } from '../helpers/integration/integration-suite.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const SMALL = 65_536;
const COUNT = 5000;

/** Nothing of this process runs meanwhile. */
function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

describeOnCorosync('a backlog of notifications', (suite) => {
  /** Requests of this process, as corosync counts them. */
  async function requests(): Promise<number> {
    const stats = await suite.corosync.ipcStats(process.pid);
    return stats.reduce((sum, { counters }) => sum + (counters.requests ?? NaN), 0);
  }

  it('is fetched as fast as it can be read, and after that nothing more is asked', async () => {
    suite.letEventsQueue();
    const client = await suite.connect({ bufferSize: SMALL });
    const told: unknown[] = [];
    await client.track('test.backlog', {
      listener: (event) => {
        if (event.kind === 'notification') told.push(event.newValue?.value);
      },
    });
    const before = await requests();
    const loaded = cmapLoad('test.backlog', COUNT);
    while (told.length === 0) await sleep(1);
    block(1000);
    // By itself corosync looks after it each 50 ms: 11 datagrams each time would take 22 s.
    await waitUntil('all is told', () => told.length === COUNT, { everyMs: 1, timeoutMs: 15_000 });
    await loaded;
    expect(new Set(told).size).toBe(COUNT);
    await sleep(200);
    const asked = await requests();
    expect(asked).toBeGreaterThan(before);
    await sleep(500);
    expect(await requests()).toBe(asked);
    await client.delete('test.backlog');
  });

  it('is not looked for where there is none', async () => {
    const [client, writer] = [await suite.connect(), await suite.peer()];
    let told = 0;
    await client.track('test.drops.', { prefix: true, listener: () => (told += 1) });
    const before = await requests();
    for (let round = 1; round <= 20; round++) {
      for (let key = 0; key < 3; key++) await writer.setUint32(`test.drops.${key}`, round);
      await waitUntil('it is told', () => told === round * 3, { everyMs: 1 });
    }
    await sleep(300);
    expect(await requests()).toBe(before);
    for (let key = 0; key < 3; key++) await client.delete(`test.drops.${key}`);
  });

  it('of values that recur: a follow that begins in it tells nothing that its snapshot contains, and all that comes after', async () => {
    suite.letEventsQueue();
    const client = await suite.connect();
    await client.setUint8('recurring.value', 0);
    await client.setUint32('recurring.count', 0);
    await using session = CmapSession.open({ bufferSize: SMALL });
    session.follow('recurring.', { prefix: true, listener: () => undefined });
    await session.ready();
    let from = 0;
    for (let round = 0; round < 3; round++) {
      const writer = spawnProgram('integration-recurring-main', { from });
      const lines = createInterface(writer.stdout);
      await once(lines, 'line');
      const follows: CmapFollowEvent[][] = [];
      for (let i = 0; i < 4; i++) {
        const events: CmapFollowEvent[] = [];
        follows.push(events);
        session.follow('recurring.', { prefix: true, listener: (event) => events.push(event) });
        block(i * 5);
        await sleep(5);
      }
      writer.stdin.end();
      const last = Number(((await once(lines, 'line')) as string[])[0]);
      for (const events of follows) {
        await waitUntil('all is told', () => lastCount(events) === last, { timeoutMs: 30_000 });
        const [snapshot, ...changes] = events;
        if (snapshot?.kind !== 'snapshot') throw new Error('no snapshot');
        const [count, value] = snapshot.entries.map((entry) => Number(entry.value.value));
        if (count === undefined || value === undefined) throw new Error('no values');
        const told = changes.map((event) => (event.kind === 'notification' ? event.key : event.kind));
        // The snapshot may have come between the two.
        const first = value === count % 2 ? count : count + 1;
        const expected = Array.from({ length: last - first }, () => ['recurring.value', 'recurring.count']);
        expect(told).toEqual([...(first === count ? [] : ['recurring.count']), ...expected.flat()]);
      }
      from = last;
    }
    await client.delete('recurring.value');
    await client.delete('recurring.count');
  });
});

function lastCount(events: readonly CmapFollowEvent[]): number | undefined {
  const counts = events.flatMap((event) => {
    if (event.kind === 'snapshot') return event.entries.filter(({ key }) => key === 'recurring.count');
    if (event.kind !== 'notification' || event.key !== 'recurring.count') return [];
    return event.newValue === undefined ? [] : [{ value: event.newValue }];
  });
  const last = counts.at(-1)?.value.value;
  return last === undefined ? undefined : Number(last);
}
