import { expect, it } from 'vitest';
import { CpgClient } from '../../src/index.ts';
import { FakeCorosync } from '../../src/testing/index.ts';

it('tells of others who leave in the same moment, and of the own leaving last', async () => {
  await using fake = await FakeCorosync.start({ cluster: { nodes: 2 } });
  const other = { nodeId: 2, pid: 20 };
  fake.cpg.join('chat', other);
  await using client = await CpgClient.connect(fake.connectOptions);
  await client.join('chat', { pid: 7 });
  fake.cpg.hold();
  fake.cpg.mcast('chat', other, 'goodbye');
  fake.cpg.leave('chat', other);
  const left = client.leave();
  await client.localNodeId(); // by now the leave has been taken
  fake.cpg.release();
  await left;
  const told: string[] = [];
  for await (const event of client.events())
    told.push(event.kind === 'membership' ? `${event.members.length} members` : event.kind);
  expect(told).toEqual(['2 members', 'message', '1 members', '0 members']);
});
