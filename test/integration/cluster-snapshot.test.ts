import { expect, it } from 'vitest';
import { Cluster, VotequorumClient, type ClusterState } from '../../src/index.ts';
import { NamespaceCluster } from '../helpers/corosync/namespace-cluster.ts';
import { describeIntegration } from '../helpers/corosync/requirements.ts';
import { PrivateCorosync } from '../helpers/corosync/private-corosync.ts';
import { describeOnCorosync } from '../helpers/integration/integration-suite.ts';
import { waitUntil } from '../helpers/wait-until.ts';

describeOnCorosync('Cluster.snapshot of one node', (suite) => {
  it('is what the node is, and leaves nothing behind', async () => {
    const state = await Cluster.snapshot();
    expect(state).toMatchObject({
      freshness: { kind: 'fresh' },
      name: 'private',
      localNodeId: 1,
      transport: 'knet',
      ring: { nodeId: 1 },
      quorum: {
        quorate: true,
        provider: 'corosync_votequorum',
        votes: { expected: 1, total: 1, needed: 1, flags: ['quorate'], waitingForAll: false },
      },
      links: [],
    });
    expect(state.nodes).toStrictEqual([
      {
        id: 1,
        name: 'node1',
        configured: true,
        local: true,
        state: 'member',
        addresses: ['127.0.0.1'],
        votes: 1,
        joins: 1,
        ifLost: 'inquorate',
      },
    ]);
    const connections = (): Promise<unknown[]> => suite.corosync.ipcStats(process.pid);
    await waitUntil('its connections have gone', async () => (await connections()).length === 0);
    await waitUntil('nothing is left', () => suite.corosync.sharedMemoryLeftovers().length === 0);
    expect(suite.corosync.logLines('warning')).toEqual([]);
  });

  it('tells of a quorum device, and of votes that nothing tells of', async () => {
    await using votequorum = await VotequorumClient.connect();
    await votequorum.setVotes(1, 3);
    await votequorum.qdeviceRegister('disk');
    try {
      await waitUntil('both have happened', async () => {
        const { quorum, nodes } = await Cluster.snapshot();
        return nodes[0]?.votes === 3 && quorum.votes?.qdevice?.name === 'disk';
      });
    } finally {
      await votequorum.qdeviceUnregister('disk');
    }
  });

  it('says what is wrong when corosync answers nothing, and when it is gone', async () => {
    suite.corosync.pause();
    try {
      await expect(Cluster.snapshot({ timeoutMs: 300 })).rejects.toMatchObject({
        code: 'CS_ERR_TIMEOUT',
        operation: 'Cluster.snapshot',
      });
    } finally {
      suite.corosync.resume();
    }
    suite.corosync.kill('SIGKILL');
    await suite.corosync.exited();
    await expect(Cluster.snapshot()).rejects.toMatchObject({ code: 'CS_ERR_LIBRARY', errno: 'ECONNREFUSED' });
    await suite.restart();
  });
});

const states = ({ nodes }: ClusterState): string[] => nodes.map(({ id, state }) => `${id} ${state}`);

describeIntegration('Cluster.snapshot', () => {
  it('needs no provider of quorum', async () => {
    await using corosync = await PrivateCorosync.start({ provider: 'none' });
    const state = await Cluster.snapshot();
    expect(corosync.logLines('warning')).toEqual([]);
    expect(state.quorum).toStrictEqual({ quorate: true });
    expect(states(state)).toEqual(['1 member']);
  });

  it('knows three nodes, whatever becomes of them', { timeout: 120_000 }, async () => {
    const config = { totem: 'token: 1000\n  config_version: 6' };
    await using cluster = await NamespaceCluster.start(3, { config });
    const until = async (what: string, holds: (state: ClusterState) => boolean): Promise<ClusterState> => {
      let state = await Cluster.snapshot();
      await waitUntil(what, async () => holds((state = await Cluster.snapshot())), { timeoutMs: 20_000 });
      return state;
    };
    const whole = await until(
      'all links are up',
      ({ links }) => links?.every(({ connected }) => connected) === true,
    );
    expect(whole.freshness.kind).toBe('fresh');
    expect(whole.quorum.votes).toMatchObject({ expected: 3, total: 3, needed: 2, failureTolerance: 1 });
    expect(whole.nodes).toMatchObject(
      [1, 2, 3].map((id) => ({ id, state: 'member', ifLost: 'quorate', votes: 1, configVersion: 6n })),
    );
    expect(whole.links).toMatchObject([
      { nodeId: 2, link: 0, connected: true, from: '10.99.0.1', to: '10.99.0.2' },
      { nodeId: 3, link: 0, connected: true, from: '10.99.0.1', to: '10.99.0.3' },
    ]);

    await cluster.node(3).stop();
    const without3 = await until('node 3 has left', (state) => states(state)[2] === '3 left');
    expect(without3.quorum).toMatchObject({ quorate: true, votes: { total: 2, failureTolerance: 0 } });
    expect(without3.nodes.map(({ ifLost }) => ifLost)).toEqual(['inquorate', 'inquorate', undefined]);

    await cluster.node(2).unplug();
    await until('node 2 is lost', (state) => states(state)[1] === '2 left');
    // knet gives each link up at a time of its own.
    const alone = await until(
      'no link is up',
      ({ links }) => links?.every(({ connected }) => !connected) === true,
    );
    expect(alone.quorum).toMatchObject({ quorate: false, votes: { total: 1, needed: 2 } });
    expect(alone.links).toHaveLength(2);

    await cluster.node(2).plugIn();
    const back = await until('node 2 is back', (state) => states(state)[1] === '2 member');
    expect(back.quorum.quorate).toBe(true);
    expect(cluster.first.logLines('error')).toEqual([]);
  });
});
