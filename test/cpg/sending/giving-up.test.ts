import { describe, expect, it } from 'vitest';
import { Chat, errorOf } from '../../helpers/fake/chat.ts';
import { collectGarbage } from '../../helpers/memory/memory-garbage.ts';

/** Of Node 20, which the types do not know. */
const ResizableBuffer = ArrayBuffer as unknown as new (
  length: number,
  options: { maxByteLength: number },
) => ArrayBuffer & { resize(length: number): void };

const LARGE = 2_000_000;

/** That nothing is left of what was given up, and nothing of it comes. */
async function expectNothingOf({ client, told }: Chat): Promise<void> {
  await client.mcast('x', { delivered: true });
  expect(client.bufferedBytes).toBe(0);
  await client.leave();
  expect(told).toEqual(['membership', '1', 'membership']);
}

describe('A large message that is given up before it is sent', () => {
  it('is not sent: its signal had been aborted', async () => {
    await using chat = await Chat.join();
    const call = chat.client.mcast(new Uint8Array(LARGE), { signal: AbortSignal.abort('no') });
    expect(await errorOf(call)).toBe('no');
    await expectNothingOf(chat);
  });

  it('is not sent: its signal is aborted in the turn of the call', async () => {
    await using chat = await Chat.join();
    const controller = new AbortController();
    const call = chat.client.mcast(new Uint8Array(LARGE), { signal: controller.signal });
    controller.abort('no');
    expect(await errorOf(call)).toBe('no');
    await expectNothingOf(chat);
  });

  it('is not sent, and says so: corosync takes nothing', async () => {
    await using chat = await Chat.join();
    chat.fake.setFlowControl(1);
    const call = chat.client.mcast(new Uint8Array(LARGE), { timeoutMs: 20 });
    expect(await errorOf(call)).toMatchObject({ code: 'CS_ERR_TIMEOUT', sent: 'no' });
    chat.fake.setFlowControl(0);
    await expectNothingOf(chat);
  });

  it('leaves those behind it in their order', async () => {
    await using chat = await Chat.join();
    const { client, told } = chat;
    const controller = new AbortController();
    const calls = [
      client.mcast(new Uint8Array(LARGE), { signal: controller.signal }),
      client.mcast(new Uint8Array(1)),
      client.mcast(new Uint8Array(LARGE + 1)),
      client.mcast(new Uint8Array(2), { signal: controller.signal }),
      client.mcast(new Uint8Array(3)),
    ];
    controller.abort();
    const settled = await Promise.allSettled(calls);
    expect(settled.map(({ status }) => status === 'fulfilled')).toEqual([false, true, true, false, true]);
    await client.leave();
    expect(told).toEqual(['membership', '1', String(LARGE + 1), '3', 'membership']);
    expect(client.bufferedBytes).toBe(0);
  });
});

it('What is given up behind a large message is not kept', async () => {
  await using chat = await Chat.join();
  const { client, fake } = chat;
  fake.setFlowControl(1);
  const large = client.mcast(new Uint8Array(LARGE));
  const giveUp = async (): Promise<WeakRef<Uint8Array>> => {
    const message = new Uint8Array(1000);
    await errorOf(client.mcast(message, { timeoutMs: 1 }));
    return new WeakRef(message);
  };
  const given = [await giveUp(), await giveUp(), await giveUp()];
  await collectGarbage();
  // One may still be on the stack.
  expect(given.filter((ref) => ref.deref() !== undefined).length).toBeLessThan(2);
  fake.setFlowControl(0);
  await large;
});

it('A large message whose buffer shrinks meanwhile is not sent: its fragments would not make it', async () => {
  await using chat = await Chat.join();
  const { client, told } = chat;
  const buffer = new ResizableBuffer(LARGE, { maxByteLength: LARGE });
  const call = client.mcast(new Uint8Array(buffer));
  buffer.resize(1_100_000);
  expect(await errorOf(call)).toMatchObject({ code: 'CS_ERR_INVALID_PARAM', sent: 'no' });
  await client.mcast('x', { delivered: true });
  expect(client.bufferedBytes).toBe(0);
  expect(told).toEqual(['membership', '1']);
});
