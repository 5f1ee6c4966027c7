import { describe, expect, it } from 'vitest';
import { CpgClient } from '../../../src/index.ts';
import { FakeCorosync } from '../../../src/testing/index.ts';
import { Chat, errorOf } from '../../helpers/fake/chat.ts';
import { MadeCalls } from '../../helpers/fake/made-calls.ts';
import { waitUntil } from '../../helpers/wait-until.ts';

/** Of six fragments. */
const LARGE = 1_500_000;
const LAST = { step: 'response', service: 'cpg', request: 'partialMcast', nth: 6 } as const;

describe('The error of what corosync had taken says that it was sent', () => {
  it('a message that had not come back when corosync was lost', async () => {
    await using chat = await Chat.join();
    chat.fake.cpg.hold();
    const call = errorOf(chat.client.mcast('hello', { delivered: true }));
    await chat.client.mcast('behind it');
    chat.fake.die();
    expect(await call).toMatchObject({
      name: 'ConnectionError',
      operation: 'cpg_mcast_joined',
      key: 'chat',
      sent: 'yes',
    });
  });

  it('a leave that was not ordered when corosync was lost', async () => {
    await using chat = await Chat.join();
    chat.fake.cpg.hold();
    const call = errorOf(chat.client.leave());
    await chat.client.localNodeId();
    await chat.client.localNodeId(); // by now it has been taken
    chat.fake.die();
    expect(await call).toMatchObject({ operation: 'cpg_leave', key: 'chat', sent: 'yes' });
  });

  it('a join that was not ordered when the connection was closed, and nobody is left behind', async () => {
    await using fake = await FakeCorosync.start({ cluster: { nodes: 1 } });
    const client = await CpgClient.connect(fake.connectOptions);
    using calls = new MadeCalls();
    fake.cpg.hold();
    const call = errorOf(client.join('chat', { pid: 7 }));
    await waitUntil('the join was sent', () => calls.count('cpg_join') === 1);
    await client.localNodeId();
    await client.localNodeId(); // by now it has been taken
    await client.close();
    expect(await call).toMatchObject({ operation: 'cpg_join', key: 'chat', sent: 'yes' });
    fake.cpg.release();
    await waitUntil('it has left', () => fake.cpg.members('chat').length === 0);
  });

  it.each([
    ['cannot be told', { id: 99 }],
    ['has not come', { drop: true }],
  ])('a large message of whose last fragment the answer %s', async (_what, fault) => {
    await using chat = await Chat.join();
    await using other = await CpgClient.connect(chat.fake.connectOptions);
    const got: number[] = [];
    await other.join('chat', {
      pid: 8,
      listener: (event) => {
        if (event.kind === 'message') got.push(event.message.length);
      },
    });
    chat.fake.faults.add({ when: LAST, do: fault });
    const error = await errorOf(chat.client.mcast(new Uint8Array(LARGE)));
    expect(error).toMatchObject({ name: 'ConnectionError', sent: 'yes' });
    await waitUntil('it comes', () => got.length > 0);
    expect(got).toEqual([LARGE]);
  });
});
