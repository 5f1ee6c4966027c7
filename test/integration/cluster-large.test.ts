import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { Cluster } from '../../src/index.ts';
import { nodeAddresses } from '../helpers/corosync/other-node.ts';
import { PrivateCorosync } from '../helpers/corosync/private-corosync.ts';
import { describeIntegration } from '../helpers/corosync/requirements.ts';

const NODES = 64;
/** As many as corosync has. */
const LINKS = 8;

describeIntegration('a cluster as large as it can be', () => {
  it('is pictured, link by link', async () => {
    for (let link = 0; link < LINKS; link += 1)
      execFileSync('ip', ['addr', 'add', `10.99.${link}.1/24`, 'dev', 'lo']);
    const nodes = nodeAddresses(NODES, LINKS);
    await using corosync = await PrivateCorosync.start({ nodes });
    await using cluster = Cluster.open();
    await cluster.ready();
    for (const state of [await Cluster.snapshot(), cluster.state]) {
      expect(state?.freshness.kind).toBe('fresh');
      expect(state?.nodes).toHaveLength(NODES);
      expect(state?.nodes.filter((node) => node.state === 'member')).toMatchObject([{ id: 1, local: true }]);
      expect(state?.links).toHaveLength((NODES - 1) * LINKS);
      expect(state?.links?.filter(({ connected }) => connected)).toEqual([]);
      expect(state?.quorum).toMatchObject({ quorate: false, votes: { expected: NODES, total: 1 } });
    }
    expect(corosync.logLines('warning')).toEqual([]);
  });
});
