import { expect, expectTypeOf, it } from 'vitest';
import {
  CfgClient,
  CfgSession,
  CmapClient,
  CmapSession,
  QuorumClient,
  VotequorumClient,
  VotequorumSession,
} from '../../src/index.ts';
import { describeOnCorosync, ourRings } from '../helpers/integration/integration-suite.ts';

const READ = { access: 'read' } as const;
const REFUSED = { code: 'CS_ERR_ACCESS', sent: 'no' };
const RING = { nodeId: 1, seq: 1n };
const VALUE = { type: 'uint8', value: 1 } as const;

describeOnCorosync("clients with access 'read'", (suite) => {
  /** Of all connections of this process. */
  const requests = async (): Promise<number> => {
    const statistics = await suite.corosync.statistics('stats.ipcs.');
    const counts = [...statistics].filter(
      ([key]) => key.includes(`.${process.pid}.`) && key.endsWith('.requests'),
    );
    return counts.reduce((sum, [, count]) => sum + Number(count), 0);
  };

  it('read, and refuse to change anything before a byte is sent', async () => {
    await using cmap = await CmapClient.connect(READ);
    await using votequorum = await VotequorumClient.connect(READ);
    await using cfg = await CfgClient.connect(READ);
    await using quorum = await QuorumClient.connect(READ);
    expect(await cmap.getUint32('totem.version')).toBe(2);
    for await (const { key } of cmap.keys('totem.version')) expect(key).toBe('totem.version');
    await (await cmap.track('totem.', { prefix: true })).close();
    expect((await votequorum.getInfo()).votes).toBe(1);
    await (await votequorum.track()).close();
    expect(await quorum.getQuorate()).toBe(true);
    await (await quorum.track()).close();
    expect(await cfg.localNodeId()).toBe(1);
    expect(await cfg.ringStatus()).toHaveLength(1);
    expect((await cfg.nodeStatus(1)).nodeId).toBe(1);
    expect(await cfg.nodeAddresses()).toHaveLength(1);

    const [map, votes, node] = [cmap as CmapClient, votequorum as VotequorumClient, cfg as CfgClient];
    const calls: readonly (() => Promise<unknown>)[] = [
      () => map.set('access.test', VALUE),
      () => map.setUint32('access.test', 1),
      () => map.delete('access.test'),
      () => map.increment('access.test'),
      () => map.adjust('access.test', 2),
      () => votes.setExpected(1),
      () => votes.setVotes(1, 1),
      () => votes.qdeviceRegister('disk'),
      () => votes.qdeviceUnregister('disk'),
      () => votes.qdeviceUpdate('disk', 'net'),
      () => votes.qdevicePoll('disk', true, RING),
      () => votes.qdeviceMasterWins('disk', true),
      () => votes.qdeviceSetExtraInfo(new Uint8Array(1)),
      () => node.killNode(1),
      () => node.tryShutdown('immediate'),
      () => node.reloadConfig(),
      () => node.reopenLogFiles(),
      () => node.trackShutdown(() => false),
    ];
    const before = { requests: await requests(), connections: ourRings().length };
    for (const call of calls) await expect(call()).rejects.toMatchObject(REFUSED);
    expect({ requests: await requests(), connections: ourRings().length }).toEqual(before);
    expect(suite.corosync.running).toBe(true);
  });

  it('are what such sessions are made of', async () => {
    await using cmap = CmapSession.open(READ);
    await using votequorum = VotequorumSession.open(READ);
    await using cfg = CfgSession.open(READ);
    expect(await cmap.getUint32('totem.version')).toBe(2);
    expect((await votequorum.getInfo()).votes).toBe(1);
    expect(await cfg.localNodeId()).toBe(1);
    await expect((cmap as CmapSession).set('access.test', VALUE)).rejects.toMatchObject(REFUSED);
    await expect((votequorum as VotequorumSession).setVotes(1, 1)).rejects.toMatchObject(REFUSED);
    await expect((cfg as CfgSession).tryShutdown('immediate')).rejects.toMatchObject(REFUSED);
  });

  it('have no calls that change something, by their types', async () => {
    await using cmap = await CmapClient.connect(READ);
    await using votequorum = await VotequorumClient.connect(READ);
    await using cfg = await CfgClient.connect(READ);
    expectTypeOf(cmap).toHaveProperty('getUint32');
    expectTypeOf(cmap).not.toHaveProperty('set');
    expectTypeOf(cmap).not.toHaveProperty('setUint32');
    expectTypeOf(cmap).not.toHaveProperty('adjust');
    expectTypeOf(votequorum).toHaveProperty('getInfo');
    expectTypeOf(votequorum).not.toHaveProperty('setVotes');
    expectTypeOf(votequorum).not.toHaveProperty('qdeviceRegister');
    expectTypeOf(cfg).toHaveProperty('ringStatus');
    expectTypeOf(cfg).not.toHaveProperty('killNode');
    expectTypeOf(cfg).not.toHaveProperty('trackShutdown');
    expectTypeOf<ReturnType<typeof VotequorumSession.open>>().toHaveProperty('setVotes');
  });
});
