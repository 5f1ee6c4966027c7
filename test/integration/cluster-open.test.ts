import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Cluster, VotequorumClient, type ClusterState } from '../../src/index.ts';
import { NamespaceCluster } from '../helpers/corosync/namespace-cluster.ts';
import { describeIntegration } from '../helpers/corosync/requirements.ts';
import { describeOnCorosync } from '../helpers/integration/integration-suite.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const QUICK = { backOff: { firstDelayMs: 20, maxDelayMs: 50 } } as const;
const SOON = { everyMs: 5, timeoutMs: 20_000 };

describeOnCorosync('Cluster.open on one node', (suite) => {
  it('follows it, across a restart, and leaves nothing behind', async () => {
    await using cluster = Cluster.open(QUICK);
    const first = await cluster.ready();
    expect(first.nodes).toMatchObject([{ id: 1, state: 'member', votes: 1 }]);
    await using votequorum = await VotequorumClient.connect();
    await votequorum.setVotes(1, 2);
    await waitUntil('the votes are known', () => cluster.state?.nodes[0]?.votes === 2, SOON);
    await votequorum.qdeviceRegister('disk');
    await waitUntil('the device is known', () => cluster.state?.quorum.votes?.qdevice !== undefined, SOON);
    await votequorum.qdeviceUnregister('disk');

    suite.corosync.kill('SIGKILL');
    await suite.corosync.exited();
    await waitUntil('it is lost', () => cluster.freshness.kind === 'stale', SOON);
    await suite.restart();
    await waitUntil('its votes are those of its start', () => cluster.state?.nodes[0]?.votes === 1, SOON);
    await cluster.ready();
    await cluster.close();
    const connections = (): Promise<unknown[]> => suite.corosync.ipcStats(process.pid);
    await waitUntil('its connections have gone', async () => (await connections()).length === 0);
  });
});

const members = (state: ClusterState | undefined): string =>
  state?.nodes.map(({ id, state: what }) => `${id} ${what}`).join() ?? '';
const WHOLE = '1 member,2 member,3 member';

describeIntegration('Cluster.open on three nodes', () => {
  it('never calls fresh what does not hold', { timeout: 120_000 }, async () => {
    await using nodes = await NamespaceCluster.start(3, { config: { totem: 'token: 1000' } });
    await using cluster = Cluster.open({ ...QUICK, staleAfterMs: 3000 });
    const told: ClusterState[] = [];
    const listening = (async () => {
      for await (const state of cluster.states()) told.push(state);
    })();
    const until = (what: string, holds: (state: ClusterState) => boolean): Promise<void> =>
      waitUntil(what, () => cluster.state?.freshness.kind === 'fresh' && holds(cluster.state), SOON);
    await until('all are there', (state) => members(state) === WHOLE);
    await until('all links are up', ({ links }) => links?.every(({ connected }) => connected) === true);

    await nodes.node(3).stop();
    await until('node 3 has left', (state) => members(state) === '1 member,2 member,3 left');
    nodes.node(3).start();
    await until('node 3 is back', (state) => members(state) === WHOLE);
    await nodes.node(2).unplug();
    await until('node 2 is gone', (state) => members(state) === '1 member,2 left,3 member');
    // knet gives a link up at a time of its own.
    await until('its link is down', ({ links }) => links?.[0]?.connected === false);
    expect(cluster.state?.links?.[0]).toMatchObject({ nodeId: 2, connected: false });
    await nodes.node(2).plugIn();
    await until('node 2 is back', (state) => members(state) === WHOLE && state.quorum.votes?.total === 3);
    expect(told.filter(({ freshness }) => freshness.kind === 'stale')).toEqual([]);

    const before = cluster.state?.ring?.seq ?? 0n;
    told.length = 0;
    nodes.first.pause();
    await waitUntil('it is stale', () => cluster.freshness.kind === 'stale', SOON);
    await sleep(3000); // the others go on without it
    nodes.first.resume();
    await until('it has found out, and they are together', (state) => members(state) === WHOLE);
    await sleep(500);
    const fresh = told.filter(({ freshness }) => freshness.kind === 'fresh');
    expect(fresh.length).toBeGreaterThan(0);
    // Before, it takes itself for a member of what has gone on without it.
    for (const { ring } of fresh) expect(ring?.seq).toBeGreaterThan(before);
    expect(told[0]?.freshness).toMatchObject({ kind: 'stale', why: 'not answering' });

    await cluster.close();
    await listening;
    expect(cluster.state?.freshness).toMatchObject({ kind: 'stale', why: 'closed' });
    // corosync removes its files when it gets round to it.
    await waitUntil('nothing is left', () => nodes.first.sharedMemoryLeftovers().length === 0);
    expect(nodes.first.logLines('error')).toEqual([]);
  });
});
