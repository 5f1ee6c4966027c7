import assert from 'node:assert/strict';
import { Cluster, CpgClient, type CpgEvent } from 'corosync-client';
import { waitUntil } from '../../helpers/wait-until.ts';
import { codeOf, type Check } from '../cell.ts';

const MESSAGES = 500;
/** Beyond what corosync takes in one piece. */
const LARGE = Buffer.alloc(2_000_000, 'corosync');

export const groups: readonly Check[] = [
  {
    name: 'cpg: messages of any size come in the order in which they were sent',
    async run() {
      await using client = await CpgClient.connect();
      const told: CpgEvent[] = [];
      const { members } = await client.join('matrix', { pid: 1, listener: (event) => void told.push(event) });
      const nodeId = await client.localNodeId();
      assert.deepEqual(members, [{ nodeId, pid: 1 }]);
      const sent = Array.from({ length: MESSAGES }, (_, n) => Buffer.from(`message ${n}`));
      sent.push(LARGE, Buffer.alloc(0));
      await Promise.all(sent.map((message) => client.mcast(message, { delivered: true })));
      const came = told.flatMap((event) => (event.kind === 'message' ? [Buffer.from(event.message)] : []));
      assert.equal(came.length, sent.length);
      assert.ok(came.every((message, n) => sent[n]?.equals(message)));
    },
  },
  {
    name: 'cpg: who is in a group, and hears of who comes and goes',
    async run() {
      await using first = await CpgClient.connect();
      await using second = await CpgClient.connect();
      const told: CpgEvent[] = [];
      await first.join('matrix', { pid: 1, listener: (event) => void told.push(event) });
      assert.equal(await codeOf(second.join('matrix', { pid: 1 })), 'CS_ERR_EXIST');
      await using third = await CpgClient.connect();
      await third.join('matrix', { pid: 3 });
      assert.deepEqual(
        (await first.members('matrix')).map(({ pid }) => pid),
        [1, 3],
      );
      assert.ok((await first.groups()).some(({ group }) => group === 'matrix'));
      await third.leave();
      await waitUntil('it has left', () => told.at(-1)?.kind === 'membership' && told.length === 3);
      const changes = told.flatMap((event) =>
        event.kind === 'membership'
          ? [...event.joined, ...event.left].map(({ pid, reason }) => `${pid} ${reason}`)
          : [],
      );
      assert.deepEqual(changes, ['1 join', '3 join', '3 leave']);
    },
  },
  {
    name: 'one picture of the cluster',
    async run() {
      const { quorum, nodes, localNodeId } = await Cluster.snapshot();
      assert.deepEqual([quorum.quorate, nodes.length, localNodeId], [true, 1, 1]);
    },
  },
];
