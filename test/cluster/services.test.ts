import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import {
  CfgSession,
  QuorumSession,
  VotequorumSession,
  type QuorumFollowEvent,
  type ReadOnlyCfgSession,
  type ReadOnlyVotequorumSession,
} from '../../src/index.ts';
import { describeOnCluster } from '../helpers/cluster/cluster.ts';
import type { ClusterNode } from '../helpers/cluster/cluster-node.ts';

const SETTLING = { timeout: 60_000, interval: 200 };

/** Our clients of the three services beside one node, and what they were told. */
class ServiceWatch {
  readonly quorum: QuorumSession;
  readonly votequorum: ReadOnlyVotequorumSession;
  readonly cfg: ReadOnlyCfgSession;
  readonly told: QuorumFollowEvent[] = [];
  readonly followers;

  constructor({ connectOptions }: ClusterNode) {
    const options = { ...connectOptions, backOff: { firstDelayMs: 50, maxDelayMs: 500 }, timeoutMs: 10_000 };
    this.quorum = QuorumSession.open(options);
    this.votequorum = VotequorumSession.open({ ...options, access: 'read' });
    this.cfg = CfgSession.open({ ...options, access: 'read' });
    this.followers = {
      quorum: this.quorum.follow({ listener: (event) => void this.told.push(event) }),
      votes: this.votequorum.follow({ readEveryMs: 500 }),
    };
  }

  /** What is known of quorum, and of the votes. */
  get picture(): unknown {
    const { quorum, votes } = this.followers;
    const { members, quorate } = quorum.current ?? {};
    return { members, quorate, votes: votes.current?.local.totalVotes };
  }

  get kinds(): Set<string> {
    return new Set(this.told.map(({ kind }) => kind));
  }

  async close(): Promise<void> {
    await Promise.all([this.quorum.close(), this.votequorum.close(), this.cfg.close()]);
  }
}

describeOnCluster('quorum, votequorum and cfg', (cluster) => {
  let watches: ServiceWatch[] = [];
  beforeEach(async () => {
    watches = cluster.members.map(({ node }) => new ServiceWatch(node));
    await Promise.all(watches.flatMap(({ quorum, votequorum }) => [quorum.ready(), votequorum.ready()]));
  });
  afterEach(() => Promise.all(watches.map((watch) => watch.close())));

  async function expectPicture(
    some: readonly ServiceWatch[],
    members: number[],
    quorate: boolean,
  ): Promise<void> {
    const picture = { members, quorate, votes: members.length };
    for (const watch of some) await vi.waitFor(() => expect(watch.picture).toEqual(picture), SETTLING);
  }

  it('tell what holds on a whole cluster', async () => {
    await expectPicture(watches, [1, 2, 3], true);
    for (const [index, { quorum, votequorum, cfg }] of watches.entries()) {
      expect(await quorum.getQuorate()).toBe(true);
      expect(await votequorum.getInfo()).toMatchObject({ nodeId: index + 1, expectedVotes: 3, quorum: 2 });
      expect(await cfg.localNodeId()).toBe(index + 1);
      expect(await cfg.ringStatus()).toHaveLength(2);
      for (const nodeId of [1, 2, 3]) {
        expect(await cfg.nodeStatus(nodeId)).toMatchObject({ nodeId, reachable: true });
        expect(await cfg.nodeAddresses(nodeId)).toHaveLength(2);
      }
    }
  });

  it('follow a node that leaves, and comes back', async () => {
    const { node } = cluster.member(3);
    const [first, second, third] = watches;
    if (first === undefined || second === undefined || third === undefined)
      throw new Error('there are three');
    await node.stop();
    await expectPicture([first, second], [1, 2], true);
    await vi.waitFor(
      async () => expect(await first.cfg.nodeStatus(3)).toMatchObject({ reachable: false }),
      SETTLING,
    );
    await node.start();
    await expectPicture(watches, [1, 2, 3], true);
    const changes = first.told.flatMap((event) => (event.kind === 'change' ? [event.event] : []));
    // A token that a busy machine loses makes a new ring of the same nodes.
    const nodelists = changes
      .filter((event) => event.kind === 'nodelist')
      .filter(({ joined, left }) => joined.length + left.length > 0);
    expect(nodelists.map(({ joined, left }) => [joined, left])).toEqual([
      [[], [3]],
      [[3], []],
    ]);
    expect(first.kinds).not.toContain('lost');
    expect(third.kinds).toContain('resynced');
  });

  it('follow a node that is cut off: it is not quorate until it is back', async () => {
    const { node } = cluster.member(3);
    for (const link of [0, 1]) await node.cut(link);
    await expectPicture(watches.slice(0, 2), [1, 2], true);
    await expectPicture(watches.slice(2), [3], false);
    for (const link of [0, 1]) await node.mend(link);
    await expectPicture(watches, [1, 2, 3], true);
    for (const { kinds } of watches) expect(kinds).not.toContain('lost');
  });
});
