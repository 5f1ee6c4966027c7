import { expect, it, vi } from 'vitest';
import { describeOnCluster, expectAgreement, expectTold, type Member } from '../helpers/cluster/cluster.ts';

/** The client lost its corosync. */
const LOST = { kind: 'lost' };
const SETTLING = { timeout: 60_000, interval: 200 };

describeOnCluster('membership', (cluster) => {
  it('agrees with the tools on a whole cluster', async () => {
    await expectAgreement(cluster.members);
  });

  it.each([
    ['leaves in good order', 'stop'],
    ['crashes', 'kill'],
  ] as const)('a node %s, and joins again', async (_what, end) => {
    const { node, watch } = cluster.member(3);
    await node[end]();
    await expectTold(cluster.others(3), 'left 3');
    await expectAgreement(cluster.others(3));
    expect(watch.session.status.state).not.toBe('resynced');
    await node.start();
    await expectTold(cluster.others(3), 'joined 3');
    await watch.connected();
    await expectAgreement(cluster.members);
    await cluster.expectHistory(cluster.others(3));
    expect(watch.events).toContainEqual(expect.objectContaining(LOST));
  });

  it('a node stands still, and wakes up', async () => {
    const { node, watch } = cluster.member(3);
    await node.pause();
    await expectTold(cluster.others(3), 'left 3');
    await expectAgreement(cluster.others(3));
    const call = watch.session.get('totem.version', { timeoutMs: 500 });
    await expect(call).rejects.toMatchObject({ code: 'CS_ERR_TIMEOUT' });
    await node.unpause();
    await expectTold(cluster.others(3), 'joined 3');
    await expectTold([cluster.member(3)], 'joined 1');
    await expectAgreement(cluster.members);
    await cluster.expectHistory(cluster.members);
    expect(watch.events).not.toContainEqual(expect.objectContaining(LOST));
  });

  it('a node is cut off, its client keeps working in the minority, and it returns', async () => {
    const minority = cluster.member(3);
    await cutOff(minority);
    await expectTold(cluster.others(3), 'left 3');
    await expectTold([minority], 'left 1');
    await expectTold([minority], 'left 2');
    await expectAgreement(cluster.members);
    expect(await minority.node.run('corosync-quorumtool', '-s')).toMatch(/Quorate: +No/);
    await worksWell(minority);
    for (const link of [0, 1]) await minority.node.mend(link);
    await expectTold(cluster.members.slice(0, 2), 'joined 3');
    await expectTold([minority], 'joined 1');
    await expectAgreement(cluster.members);
    await cluster.expectHistory(cluster.members);
    for (const { watch } of cluster.members)
      expect(watch.events).not.toContainEqual(expect.objectContaining(LOST));
  });

  it('a rolling restart', async () => {
    for (const member of cluster.members) {
      const { node, watch } = member;
      const others = cluster.others(node.nodeId);
      await node.stop();
      await expectTold(others, `left ${node.nodeId}`);
      await node.start();
      await expectTold(others, `joined ${node.nodeId}`);
      await watch.connected();
      await cluster.expectHistory(others);
      await cluster.settle();
    }
  });
});

async function cutOff({ node }: Member): Promise<void> {
  for (const link of [0, 1]) await node.cut(link);
}

/** Reads, changes and follows as if nothing had happened. */
async function worksWell({ watch }: Member): Promise<void> {
  const { session } = watch;
  const follower = session.follow('config.cut_off');
  await session.setString('config.cut_off', 'yes');
  expect(await session.getString('config.cut_off')).toBe('yes');
  await session.delete('config.cut_off');
  await vi.waitFor(() => expect(watch.values('config.cut_off')).toEqual(['yes', undefined]), SETTLING);
  await follower.close();
}
