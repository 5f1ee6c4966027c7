import assert from 'node:assert/strict';
import {
  CfgClient,
  QuorumClient,
  QuorumSession,
  VotequorumClient,
  VotequorumSession,
  type QuorumFollowEvent,
} from 'corosync-client';
import { waitUntil } from '../../helpers/wait-until.ts';
import { codeOf, type Check } from '../cell.ts';

export const services: readonly Check[] = [
  {
    name: 'quorum says whether the node is quorate, and tells who is there',
    async run() {
      await using client = await QuorumClient.connect();
      assert.deepEqual([client.type, client.model, await client.getQuorate()], ['set', 'v1', true]);
      const told: unknown[] = [];
      for await (const event of await client.track()) {
        if (event.kind !== 'overflow') told.push([event.kind, event.members, event.ringId.nodeId]);
        if (told.length === 2) break;
      }
      assert.deepEqual(told, [
        ['nodelist', [1], 1],
        ['quorum', [1], 1],
      ]);
    },
  },
  {
    name: 'votequorum knows the votes, and changes them',
    async run() {
      await using client = await VotequorumClient.connect();
      const { nodeId, state, votes, expectedVotes, totalVotes, quorum, flags } = await client.getInfo();
      assert.deepEqual([nodeId, state, votes, expectedVotes, totalVotes, quorum], [1, 'member', 1, 1, 1, 1]);
      assert.ok(flags.includes('quorate'));
      assert.equal(await codeOf(client.getInfo(99)), 'CS_ERR_NOT_EXIST');
      assert.equal(await codeOf(client.qdeviceUnregister('none')), 'CS_ERR_NOT_EXIST');
      await client.setVotes(1, 3);
      await waitUntil('the votes have changed', async () => (await client.getInfo()).votes === 3);
    },
  },
  {
    name: 'cfg knows links and nodes, and a shutdown is asked for and refused',
    async run() {
      await using client = await CfgClient.connect();
      assert.equal(await client.localNodeId(), 1);
      assert.deepEqual(await client.nodeAddresses(), ['127.0.0.1']);
      assert.equal((await client.ringStatus()).length, 1);
      const { reachable, links } = await client.nodeStatus(1);
      assert.deepEqual([reachable, links[0]?.enabled, links[0]?.sourceAddress], [true, true, '127.0.0.1']);
      await client.reopenLogFiles();
      await client.reloadConfig();
      const tracker = await client.trackShutdown(() => false);
      assert.equal(await codeOf(client.tryShutdown('request')), 'CS_ERR_BUSY');
      await tracker.close(); // 3.1.2 never answers trackstop
      assert.equal(await client.localNodeId(), 1);
    },
  },
  {
    name: 'sessions of quorum and votequorum survive SIGKILL of corosync',
    async run(cell) {
      const backOff = { firstDelayMs: 20, maxDelayMs: 200 };
      await using quorum = QuorumSession.open({ backOff });
      await using votequorum = VotequorumSession.open({ backOff });
      const told: QuorumFollowEvent[] = [];
      const follower = quorum.follow({ listener: (event) => void told.push(event) });
      const votes = votequorum.follow();
      await Promise.all([quorum.ready(), votequorum.ready()]);
      const before = follower.current?.ringId.seq ?? 0n;
      cell.kill('SIGKILL');
      await cell.corosync.exited();
      await waitUntil('the sessions notice', () =>
        [quorum, votequorum].every(({ status }) => status.state !== 'resynced'),
      );
      await cell.stop();
      await cell.start();
      await Promise.all([quorum.ready(), votequorum.ready()]);
      assert.equal(await quorum.getQuorate(), true);
      const { ringId, members, quorate } = follower.current ?? {};
      assert.deepEqual([members, quorate, (ringId?.seq ?? 0n) > before], [[1], true, true]);
      assert.deepEqual(votes.current?.local, await votequorum.getInfo());
      const kinds = told.map(({ kind }) => kind).filter((kind) => kind !== 'change');
      assert.deepEqual(kinds, ['snapshot', 'lost', 'resynced']);
    },
  },
];
