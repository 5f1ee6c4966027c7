import { expect, it } from 'vitest';
import { CpgClient, type CsError } from '../../src/index.ts';
import { FakeCorosync } from '../../src/testing/index.ts';
import { Chat } from '../helpers/fake/chat.ts';
import { MadeCalls } from '../helpers/fake/made-calls.ts';

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

it('closes although corosync takes no more of a large message that was given up', async () => {
  await using fake = await FakeCorosync.start({ cluster: { nodes: 1 } });
  const client = await CpgClient.connect(fake.connectOptions);
  await client.join('chat', { pid: 7, listener: () => undefined });
  fake.faults.add({
    when: { step: 'request', service: 'cpg', request: 'partialMcast', nth: 2 },
    do: { delayMs: 2 ** 31 - 1 },
  });
  const call = client.mcast(new Uint8Array(3_000_000), { timeoutMs: 1000 }); // by then it has begun
  await expect(call).rejects.toMatchObject({ code: 'CS_ERR_TIMEOUT', sent: 'unknown' });
  await client.close();
  expect(client.closed).toBe(true);
});

it('goes on as a member where the leave is given up before it is sent', async () => {
  await using chat = await Chat.join();
  const { client, fake } = chat;
  fake.setFlowControl(1);
  const controller = new AbortController();
  const left = client.leave({ signal: controller.signal });
  await new Promise((resolve) => setImmediate(resolve));
  controller.abort('no');
  await expect(left).rejects.toBe('no');
  fake.setFlowControl(0);
  await client.mcast('hello', { delivered: true });
  await client.leave();
});

it.each([10, 1_200_000])(
  'closes only when a message of %i bytes has come back, where somebody waits for that',
  async (length) => {
    await using chat = await Chat.join();
    const { client, fake } = chat;
    fake.cpg.hold();
    const delivered = client.mcast(new Uint8Array(length), { delivered: true });
    await client.mcast('behind it');
    using calls = new MadeCalls();
    const closed = client.close();
    await using other = await CpgClient.connect(fake.connectOptions);
    for (let i = 0; i < 5; i += 1) await other.localNodeId();
    expect(calls.made).not.toContain('cpg_leave');
    fake.cpg.release();
    await closed;
    await delivered;
  },
);

it('leaves where its reader is too slow, though messages wait to be sent', async () => {
  await using chat = await Chat.join();
  const { client, fake } = chat;
  const slow = await CpgClient.connect(fake.connectOptions);
  const reasons: string[] = [];
  await using other = await CpgClient.connect(fake.connectOptions);
  await other.join('chat', {
    pid: 9,
    listener: (event) => {
      if (event.kind === 'membership') reasons.push(...event.left.map(({ reason }) => String(reason)));
    },
  });
  await slow.join('chat', { pid: 8, maxQueuedBytes: 65_536 });
  const calls = Array.from({ length: 50 }, () => slow.mcast(new Uint8Array(3000)));
  const results = Promise.allSettled([...calls, slow.mcast(new Uint8Array(1_500_000))]);
  for (let count = 0; count < 40; count += 1) await client.mcast(new Uint8Array(3000));
  expect(await slow.whenClosed()).toMatchObject({ cause: { code: 'CS_ERR_NO_SPACE' } });
  const waited = (await results).filter(({ status }) => status === 'rejected');
  expect(waited.length).toBeGreaterThan(0);
  expect(new Set(waited.map((result) => 'reason' in result && (result.reason as CsError).sent))).toEqual(
    new Set(['no']),
  );
  await other.mcast('behind it', { delivered: true });
  expect(reasons).toEqual(['leave']);
});
