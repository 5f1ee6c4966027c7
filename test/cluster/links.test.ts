import { expect, it, vi } from 'vitest';
import { describeOnCluster, expectAgreement, expectTold } from '../helpers/cluster/cluster.ts';

describeOnCluster('links and configuration', (cluster) => {
  it.each([0, 1])('link %i of a node is cut, and comes back; the membership stays', async (link) => {
    const { node } = cluster.member(3);
    await node.cut(link);
    await expectTold(cluster.others(3), `3 link ${link} down`);
    for (const id of [1, 2]) await expectTold([cluster.member(3)], `${id} link ${link} down`);
    await expectAgreement(cluster.members);
    await node.mend(link);
    await expectTold(cluster.others(3), `3 link ${link} up`);
    for (const id of [1, 2]) await expectTold([cluster.member(3)], `${id} link ${link} up`);
    await expectAgreement(cluster.members);
    await cluster.expectLinkHistory(cluster.members);
    await cluster.expectHistory(cluster.members);
  });

  it('the configuration is reloaded on all nodes', async () => {
    for (const { node } of cluster.members) {
      await node.run(
        'sed',
        '-i',
        's/^totem {/&\\n  knet_compression_threshold: 1234/',
        '/etc/corosync/corosync.conf',
      );
    }
    await cluster.member(1).node.run('corosync-cfgtool', '-R');
    for (const { node, watch } of cluster.members) {
      const reload = (): unknown => watch.values('config.reload_in_progress');
      await vi.waitFor(() => expect(reload(), `node ${node.nodeId}`).toEqual([1, 0]), { timeout: 20_000 });
      expect(watch.values('totem.knet_compression_threshold')).toEqual([1234]);
      expect(await node.run('corosync-cmapctl', '-g', 'totem.knet_compression_threshold')).toContain(
        '= 1234',
      );
    }
    await cluster.expectHistory(cluster.members);
  });
});
