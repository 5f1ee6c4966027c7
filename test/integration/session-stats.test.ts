import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { CmapClient, CmapSession } from '../../src/index.ts';
import { FollowReader } from '../helpers/follow-reader.ts';
import { describeOnCorosync } from '../helpers/integration/integration-suite.ts';
import { PrivateCorosync } from '../helpers/corosync/private-corosync.ts';
import { describeIntegration } from '../helpers/corosync/requirements.ts';
import { nodeAddresses, OtherNode } from '../helpers/corosync/other-node.ts';
import { waitUntil } from '../helpers/wait-until.ts';

async function follow(session: CmapSession, prefix: string): Promise<FollowReader> {
  const reader = new FollowReader(session.follow(prefix, { prefix: true }));
  await reader.snapshotRead();
  return reader;
}

async function statsKeys(session: CmapSession, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of session.keys(prefix)) keys.push(key);
  return keys.sort();
}

describeOnCorosync('following a prefix of the stats map', (suite) => {
  it('tells what corosync refuses to track: changed values, with the old ones', async () => {
    await using session = CmapSession.open({ map: 'stats' });
    const reader = await follow(session, 'stats.srp.');
    const tokens = (): bigint[] =>
      reader.notifications.flatMap(({ key, newValue }) =>
        key === 'stats.srp.orf_token_rx' && newValue?.type === 'uint64' ? [newValue.value] : [],
      );
    await reader.until(() => tokens().length >= 3);
    expect(reader.problems).toEqual([]);
    expect(tokens()).toEqual([...tokens()].sort((one, other) => Number(one - other)));
    // Each from the value before it: the follower remembers what corosync does not.
    expect(reader.events.filter(({ kind }) => kind !== 'notification')).toHaveLength(1);
  });

  it('follows keys that come and go: those of a connection, its text included', async () => {
    await using session = CmapSession.open({ map: 'stats' });
    const reader = await follow(session, 'stats.ipcs.');
    const before = new Set(reader.values.keys());
    const other = await CmapClient.connect();
    const gets = (): bigint[] =>
      reader.notifications.flatMap(({ key, newValue }) =>
        !before.has(key) && key.endsWith('.requests') && newValue?.type === 'uint64' ? [newValue.value] : [],
      );
    const texts = (): string[] =>
      [...reader.values].filter(([key]) => !before.has(key) && key.endsWith('.procname')).map(([key]) => key);
    await reader.until(() => texts().length === 1);
    await Promise.all(Array.from({ length: 10 }, () => other.get('totem.version')));
    await reader.until(() => (gets().at(-1) ?? 0n) >= 10n);
    await other.close();
    await reader.until(() => texts().length === 0);
    expect(reader.problems).toEqual([]);
    // What corosync tells of keys that go comes one by one.
    const there = (await statsKeys(session, 'stats.ipcs.')).join();
    await reader.until(() => [...reader.values.keys()].sort().join() === there);
    // Its trackers went with it.
    const connection = (await suite.corosync.ipcStats(process.pid)).length;
    expect(connection).toBe(1);
  });

  it('shows a scheduling miss, whose keys corosync adds without a word', { timeout: 60_000 }, async () => {
    await suite.restart(); // earlier misses of this machine would be in the way
    await using session = CmapSession.open({ map: 'stats' });
    const reader = await follow(session, 'stats.');
    suite.corosync.pause();
    await sleep(5000);
    suite.corosync.resume();
    await reader.until(() => reader.values.has('stats.schedmiss.0.timestamp'));
    await reader.until(() => reader.values.has('stats.schedmiss.0.delay'));
    const delay = reader.values.get('stats.schedmiss.0.delay');
    expect(delay?.type === 'float' && delay.value > 1000).toBe(true);
    expect(reader.problems).toEqual([]);
    // A busy machine may add a miss, which is told when corosync looks next.
    await waitUntil('all that is there is told', async () => {
      const there = await statsKeys(session, 'stats.');
      return [...reader.values.keys()].sort().join() === there.join();
    });
  });

  it('leaves no tracker behind', async () => {
    await using session = CmapSession.open({ map: 'stats' });
    for (let i = 0; i < 5; i++) await (await follow(session, 'stats.')).follower.close();
    const dispatched = async (): Promise<number> =>
      Number((await suite.corosync.ipcStats(process.pid))[0]?.counters.dispatched);
    const before = await dispatched();
    await sleep(4000); // corosync compares every 1.5 s, and its token counters never rest
    expect(await dispatched()).toBe(before);
  });
});

/** knet looks so often that a flap of some hundred milliseconds is one, and the token outlasts it. */
const QUICK_LINKS = {
  totem:
    'token: 10000\n  interface {\n    knet_ping_interval: 50\n    knet_ping_timeout: 200\n    knet_pong_count: 1\n  }',
};

describeIntegration('a link that flaps', () => {
  it(
    'between two of corosync’s looks shows in its counters, if not in `connected`',
    { timeout: 120_000 },
    async () => {
      const options = { nodes: nodeAddresses(2), config: QUICK_LINKS };
      await using second = await OtherNode.start(2, options);
      await using corosync = await PrivateCorosync.start(options);
      await using session = CmapSession.open({ map: 'stats' });
      const reader = await follow(session, 'stats.knet.node2.link0.');
      const number = (name: string): number =>
        Number(reader.values.get(`stats.knet.node2.link0.${name}`)?.value);
      await reader.until(() => number('connected') === 1);
      const before = { down: number('down_count'), up: number('up_count') };
      const logged = (what: string): number => corosync.log().split(`link: 0 is ${what}`).length - 1;
      const loggedBefore = { down: logged('down'), up: logged('up') };
      for (let flap = 1; flap <= 4; flap++) {
        await second.unplug();
        await waitUntil('the link is down', () => logged('down') >= loggedBefore.down + flap);
        await second.plugIn();
        await waitUntil('the link is up', () => logged('up') >= loggedBefore.up + flap);
      }
      // On a busy machine it may flap by itself, too, at any time.
      const isTold = (): boolean =>
        number('up_count') - before.up === logged('up') - loggedBefore.up &&
        number('down_count') - before.down === logged('down') - loggedBefore.down;
      await reader.until(() => isTold() && number('connected') === 1);
      expect(reader.problems).toEqual([]);
    },
  );
});
