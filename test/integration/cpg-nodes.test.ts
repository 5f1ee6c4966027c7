import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { CpgClient } from '../../src/index.ts';
import { CpgPeer } from '../helpers/corosync/cpg-peer.ts';
import { NamespaceCluster } from '../helpers/corosync/namespace-cluster.ts';
import { describeIntegration } from '../helpers/corosync/requirements.ts';
import { waitUntil } from '../helpers/wait-until.ts';
import { CPG_NODES, type RemoteMember, type ThreeNodes } from '../scenarios/cpg-nodes.ts';

const CS_OK = 1;

describeIntegration('process groups on three real nodes, with programs of libcpg on the others', () => {
  let cluster: NamespaceCluster;
  const peers: CpgPeer[] = [];

  beforeAll(async () => {
    cluster = await NamespaceCluster.start(3, { config: { totem: 'token: 1000' } });
  });
  afterEach(async () => {
    for (const peer of peers.splice(0)) await peer.stop();
    // What the other nodes have to tell of them is no business of the next test's.
    await using asking = await CpgClient.connect({ access: 'read' });
    await waitUntil('nobody is in a group', async () => (await asking.groups()).length === 0);
  });
  afterAll(() => cluster[Symbol.asyncDispose]());

  async function join(nodeId: number, group: string): Promise<RemoteMember> {
    const peer = new CpgPeer({ under: cluster.node(nodeId).inside });
    peers.push(peer);
    expect((await peer.connect()).code).toBe(CS_OK);
    expect(await peer.join(group)).toBe(CS_OK);
    await peer.notified(1);
    const send = (message: string | Uint8Array): Promise<number> =>
      message.length > 1000
        ? peer.mcastFill(message.length, Buffer.from(message)[0] ?? 0)
        : peer.mcast(message);
    return {
      nodeId,
      pid: peer.pid,
      mcast: async (message) => expect(await send(message)).toBe(CS_OK),
      leave: async () => expect(await peer.leave(group)).toBe(CS_OK),
      die: async () => peer.stop(),
    };
  }

  it.each(CPG_NODES)('$name', { timeout: 120_000 }, async (scenario) => {
    const nodes: ThreeNodes = {
      options: {},
      join,
      cutOff: async (...nodeIds) => {
        await Promise.all(nodeIds.map((nodeId) => cluster.node(nodeId).unplug()));
      },
      back: async (...nodeIds) => {
        await Promise.all(nodeIds.map((nodeId) => cluster.node(nodeId).plugIn()));
      },
      shutDown: (nodeId) => cluster.node(nodeId).stop(),
      start: async (nodeId) => {
        cluster.node(nodeId).start();
        await cluster.sees(3);
      },
      kill: (nodeId) => cluster.node(nodeId).killed(),
    };
    await scenario.run(nodes);
  });
});
