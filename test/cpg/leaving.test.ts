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

it(
  'closes although corosync takes no more of a large message that was given up',
  { timeout: 30_000 },
  async () => {
    await using fake = await FakeCorosync.start({ cluster: { nodes: 1 } });
    const client = await CpgClient.connect(fake.connectOptions);
    await client.join('chat', { pid: 7, listener: () => undefined });
    fake.faults.add({
      when: { step: 'request', service: 'cpg', request: 'partialMcast', nth: 2 },
      do: { delayMs: 2 ** 31 - 1 },
    });
    const call = client.mcast(new Uint8Array(3_000_000), { timeoutMs: 100 });
    await expect(call).rejects.toMatchObject({ code: 'CS_ERR_TIMEOUT', sent: 'unknown' });
    await client.close();
    expect(client.closed).toBe(true);
  },
);
