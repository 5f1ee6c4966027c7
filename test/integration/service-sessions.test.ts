import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import {
  CfgSession,
  VotequorumClient,
  VotequorumSession,
  type VotequorumFollowEvent,
} from '../../src/index.ts';
import { NamespaceCluster } from '../helpers/corosync/namespace-cluster.ts';
import { describeIntegration } from '../helpers/corosync/requirements.ts';
import { describeOnCorosync } from '../helpers/integration/integration-suite.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const QUICK = { backOff: { firstDelayMs: 20, maxDelayMs: 50 } } as const;

const kinds = (told: readonly VotequorumFollowEvent[]): string[] => told.map(({ kind }) => kind);

describeOnCorosync('VotequorumSession', (suite) => {
  it('follows votes across a restart of corosync: what is told, and what only reading finds', async () => {
    await using session = VotequorumSession.open(QUICK);
    const told: VotequorumFollowEvent[] = [];
    await using follower = session.follow({ listener: (event) => void told.push(event), readEveryMs: 100 });
    await session.ready();
    expect(told).toEqual([{ kind: 'snapshot', state: follower.current }]);
    expect(follower.current).toMatchObject({
      quorate: true,
      members: [1],
      local: { nodeId: 1, votes: 1 },
      nodes: [{ nodeId: 1, votes: 1, state: 'member' }],
    });
    await sleep(350);
    expect(told).toHaveLength(1); // reading finds nothing new

    await session.setVotes(1, 2);
    await waitUntil('the votes are told', () => follower.current?.local.votes === 2);
    expect(told[1]).toMatchObject({ kind: 'change', event: { kind: 'expected-votes', expectedVotes: 2 } });
    const lastOf = (): VotequorumFollowEvent | undefined => told.at(-1);
    expect(lastOf()).toMatchObject({ kind: 'found', state: { local: { votes: 2, totalVotes: 2 } } });

    // A quorum device that comes is told by no event.
    const before = told.length;
    await session.qdeviceRegister('disk');
    const flags = (): readonly string[] => follower.current?.local.flags ?? [];
    await waitUntil('it is found', () => flags().includes('qdevice-registered'));
    const { ringId = { nodeId: 0, seq: 0n } } = follower.current ?? {};
    await session.qdevicePoll('disk', false, ringId);
    await waitUntil('it is alive', () => flags().includes('qdevice-alive'));
    expect(told.slice(before).every(({ kind }) => kind === 'found')).toBe(true);
    expect(lastOf()).toMatchObject({ kind: 'found', after: 'interval' });
    await session.qdeviceUnregister('disk');
    await waitUntil('it is gone', () => !flags().includes('qdevice-registered'));

    const beforeLoss = told.length;
    suite.corosync.kill('SIGKILL');
    await suite.corosync.exited();
    await waitUntil('the loss is told', () => told.length > beforeLoss);
    const waiting = session.getInfo();
    await suite.restart();
    expect((await waiting).votes).toBe(1);
    await session.ready();
    expect(told.slice(beforeLoss)).toMatchObject([
      { kind: 'lost', error: { code: 'CS_ERR_LIBRARY' } },
      { kind: 'resynced', changed: true, state: { local: { votes: 1 } } },
    ]);
    await follower.close();
    await session.close();
    expect(kinds(told).filter((kind) => kind === 'snapshot')).toHaveLength(1);
  });

  it('makes a change once, whatever becomes of it, and checks it as a client does', async () => {
    await using session = VotequorumSession.open(QUICK);
    await session.ready();
    const refused = { code: 'CS_ERR_INVALID_PARAM', sent: 'no' };
    await expect(session.setVotes(0, 1)).rejects.toMatchObject(refused);
    await expect(session.setExpected(510)).rejects.toMatchObject(refused);
    await expect(session.qdeviceRegister('')).rejects.toMatchObject(refused);
    await expect(session.setExpected(1, { force: true } as never)).rejects.toMatchObject(refused);
    suite.corosync.pause();
    const changes = [
      session.setVotes(1, 2, { timeoutMs: 20_000 }),
      session.qdevicePoll('disk', true, { nodeId: 1, seq: 1n }),
    ].map((call) => call.catch((error: unknown) => error));
    await sleep(100);
    suite.corosync.kill('SIGKILL');
    suite.corosync.resume();
    await suite.corosync.exited();
    for (const outcome of await Promise.all(changes))
      expect(outcome).toMatchObject({ name: 'ConnectionError' });
    await suite.restart();
    await session.ready();
    await sleep(100);
    expect((await session.getInfo()).votes).toBe(1);
  });

  it('refuses options that it does not have', () => {
    expect(() => VotequorumSession.open({ access: 'write' as never })).toThrow(/access/);
    const session = VotequorumSession.open();
    expect(() => session.follow({ readEveryMs: 1 })).toThrow(/readEveryMs/);
    session.destroy();
    expect(() => session.follow()).toThrow(/CS_ERR_BAD_HANDLE/);
  });
});

describeOnCorosync('CfgSession', (suite) => {
  it('answers across a restart of corosync, and makes a change once', async () => {
    await using session = CfgSession.open(QUICK);
    expect(await session.localNodeId()).toBe(1);
    await session.reopenLogFiles();
    suite.corosync.kill('SIGKILL');
    await suite.corosync.exited();
    const calls = [
      session.localNodeId(),
      session.nodeAddresses(),
      session.ringStatus(),
      session.nodeStatus(1),
    ];
    await suite.restart();
    expect(await Promise.all(calls)).toMatchObject([1, ['127.0.0.1'], [{}], { nodeId: 1 }]);

    // A session does not shut down the next corosync, too.
    await session.tryShutdown('immediate');
    await waitUntil('corosync has exited', () => !suite.corosync.running);
    await suite.restart();
    await session.ready();
    await sleep(200);
    expect(suite.corosync.running).toBe(true);
    suite.corosync.pause();
    const shutdown = session.tryShutdown('immediate').catch((error: unknown) => error);
    await sleep(100);
    suite.corosync.kill('SIGKILL');
    suite.corosync.resume();
    expect(await shutdown).toMatchObject({ name: 'ConnectionError' });
    await suite.restart();
    await session.ready();
    await sleep(200);
    expect(suite.corosync.running).toBe(true);
  });
});

describeIntegration('VotequorumSession in a cluster', () => {
  it(
    'tells of nodes that go and come, and of votes that another node changes',
    { timeout: 60_000 },
    async () => {
      await using cluster = await NamespaceCluster.start(3);
      await using session = VotequorumSession.open(QUICK);
      const told: VotequorumFollowEvent[] = [];
      await using follower = session.follow({ listener: (event) => void told.push(event), readEveryMs: 200 });
      await session.ready();
      await cluster.node(3).stop();
      // A reading may come while corosync has told of the node, and has not counted yet.
      const isSettled = (): boolean =>
        follower.current?.members.length === 2 && follower.current.local.totalVotes === 2;
      await waitUntil('node 3 has gone', () => follower.current?.nodes[2]?.state === 'dead' && isSettled());
      expect(follower.current).toMatchObject({ quorate: true, members: [1, 2], local: { totalVotes: 2 } });
      cluster.node(3).start();
      await waitUntil('node 3 is back', () => follower.current?.nodes[2]?.state === 'member', {
        timeoutMs: 20_000,
      });
      expect(kinds(told)).toEqual(expect.arrayContaining(['snapshot', 'change', 'found']));

      // Votes go up with an event, and down without one.
      await using other = await VotequorumClient.connect();
      await other.setVotes(2, 2);
      await waitUntil('it is found', () => follower.current?.nodes[1]?.votes === 2);
      await sleep(300);
      const before = told.length;
      await cluster
        .node(2)
        .run('corosync-quorumtool', '-n', '2', '-v', '1')
        .catch(() => undefined);
      await waitUntil('it is found', () => follower.current?.nodes[1]?.votes === 1);
      // One reading or two, where it falls between the node's votes and their sum.
      expect(new Set(kinds(told.slice(before)))).toEqual(new Set(['found']));
    },
  );
});
