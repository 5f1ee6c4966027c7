import { expect, it } from 'vitest';
import { CpgClient, type CpgEvent, type CpgMembershipEvent } from '../../src/cpg/index.ts';
import { CpgPeer } from '../helpers/corosync/cpg-peer.ts';
import { describeOnCorosync } from '../helpers/integration/integration-suite.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const CS_OK = 1;

describeOnCorosync('CpgClient beside libcpg', (suite) => {
  const connected = async (): Promise<CpgClient> => {
    const client = await CpgClient.connect();
    expect(client.transport).toBe(suite.transport);
    return client;
  };
  /** A client that has joined, and all that it is told. */
  const joined = async (pid = process.pid): Promise<{ client: CpgClient; told: CpgEvent[] }> => {
    const client = await connected();
    const told: CpgEvent[] = [];
    await client.join('chat', { pid, listener: (event) => void told.push(event) });
    return { client, told };
  };

  it('joins, and is told of its own joining first', async () => {
    await using client = await connected();
    const view = await client.join('chat', { pid: 7 });
    const us = { nodeId: 1, pid: 7 };
    expect(view).toEqual({
      kind: 'membership',
      members: [us],
      joined: [{ ...us, reason: 'join' }],
      left: [],
    });
    expect({ group: client.group, pid: client.pid }).toEqual({ group: 'chat', pid: 7 });
    expect(await client.localNodeId()).toBe(1);
    expect((await client.events().next()).value).toEqual(view);
  });

  it('says which nodes there are, if asked for', async () => {
    await using client = await connected();
    await client.join('chat', { initialRing: true });
    const events = await read(client, 2);
    expect(events.map(({ kind }) => kind).sort()).toEqual(['membership', 'ring']);
    expect(events.find(({ kind }) => kind === 'ring')).toMatchObject({ ring: { nodeId: 1 }, members: [1] });
  });

  it('exchanges messages with libcpg, in one order', async () => {
    const { client, told } = await joined(7);
    await using peer = new CpgPeer();
    await peer.connect();
    expect(await peer.join('chat')).toBe(CS_OK);
    await peer.notified(1);
    await client.mcast('from us');
    expect(await peer.mcast('from libcpg')).toBe(CS_OK);
    await client.mcast(new Uint8Array(), { delivered: true });
    await client.mcast(Uint8Array.of(0, 255));
    await peer.notified(5);
    await waitUntil('all has come', () => told.length === 6);
    const messages = told.filter((event) => event.kind === 'message');
    expect(messages.map(({ message }) => Buffer.from(message).toString('latin1'))).toEqual([
      'from us',
      'from libcpg',
      '',
      '\0\xff',
    ]);
    expect(peer.events.slice(1)).toEqual(
      messages.map(({ from, message }) => ({
        type: 'deliver',
        group: Buffer.from('chat'),
        ...from,
        message: Buffer.from(message),
      })),
    );
    expect(await peer.finalize()).toBe(CS_OK);
    await waitUntil('the peer has gone', () => told.length === 7);
    expect(told[6]).toMatchObject({ kind: 'membership', joined: [], left: [{ reason: 'process-down' }] });
    await client.close();
  });

  it('delivers a thousand messages in the order of the calls, though nobody waits', async () => {
    if (suite.transport === 'shared-memory') suite.letEventsQueue();
    const { client, told } = await joined();
    const calls = Array.from({ length: 1000 }, (_, index) => client.mcast(String(index)));
    expect(client.bufferedBytes).toBeGreaterThan(2000);
    await Promise.all(calls);
    expect(client.bufferedBytes).toBe(0);
    await client.leave();
    expect(
      told.slice(1, -1).map((event) => event.kind === 'message' && Buffer.from(event.message).toString()),
    ).toEqual(Array.from({ length: 1000 }, (_, index) => String(index)));
    expect(told.at(-1)).toMatchObject({ members: [], left: [{ reason: 'leave' }] });
    await client.close();
  });

  it('loses nothing that was sent before close', async () => {
    if (suite.transport === 'shared-memory') suite.letEventsQueue();
    await using peer = new CpgPeer();
    await peer.connect();
    await peer.join('chat');
    const client = await connected();
    await client.join('chat', { pid: 1, listener: () => undefined });
    const calls = Array.from({ length: 500 }, (_, index) => client.mcast(`message ${index}`));
    await client.close();
    await Promise.all(calls);
    await peer.notified(503);
    expect(peer.events.at(-1)).toMatchObject({ type: 'confchg', left: [{ pid: 1, reason: 2 }] });
    expect(peer.events.filter(({ type }) => type === 'deliver')).toHaveLength(500);
  });

  it('ends its events with the leaving, and keeps the connection for queries', async () => {
    const client = await connected();
    await client.join('chat');
    await client.mcast('last');
    const events = client.events();
    expect(() => client.events()).toThrow(expect.objectContaining({ code: 'CS_ERR_BUSY' }));
    await client.leave();
    const kinds: string[] = [];
    for await (const event of events) kinds.push(event.kind);
    expect(kinds).toEqual(['membership', 'message', 'membership']);
    expect(await client.members('chat')).toEqual([]);
    await expect(client.mcast('too late')).rejects.toMatchObject({ code: 'CS_ERR_NOT_EXIST' });
    await expect(client.leave()).rejects.toMatchObject({ code: 'CS_ERR_NOT_EXIST' });
    await expect(client.join('chat')).rejects.toMatchObject({ code: 'CS_ERR_EXIST' });
    await client.close();
    await expect(client.mcast('much too late')).rejects.toMatchObject({ code: 'CS_ERR_BAD_HANDLE' });
  });

  it('lists groups and members', async () => {
    const clients = await Promise.all([1, 2, 3].map(() => connected()));
    const names = ['a', Uint8Array.of(0xff, 0xfe), 'a'];
    for (const [index, client] of clients.entries())
      await client.join(names[index] ?? '', { pid: 40 + index, listener: () => undefined });
    const [client] = clients;
    expect((await client?.groups())?.map(({ groupBytes, group }) => groupBytes ?? group).sort()).toEqual([
      Uint8Array.of(0xff, 0xfe),
      'a',
    ]);
    expect(await client?.members('a')).toEqual([
      { nodeId: 1, pid: 40 },
      { nodeId: 1, pid: 42 },
    ]);
    expect(await client?.members('no such group')).toEqual([]);
    expect((await client?.allMembers())?.map(({ pid }) => pid).sort()).toEqual([40, 41, 42]);
    await Promise.all(clients.map((each) => each.close()));
  });

  it('can only ask with access to read', async () => {
    await using client = await CpgClient.connect({ access: 'read' });
    expect(await client.groups()).toEqual([]);
    const join = Reflect.get(client, 'join') as CpgClient['join'];
    await expect(join.call(client, 'chat')).rejects.toMatchObject({ code: 'CS_ERR_ACCESS', sent: 'no' });
  });

  it('refuses what corosync would not take, before a byte is sent', async () => {
    await using client = await connected();
    await expect(client.mcast('alone')).rejects.toMatchObject({ code: 'CS_ERR_NOT_EXIST', sent: 'no' });
    expect(() => client.events()).toThrow(expect.objectContaining({ code: 'CS_ERR_NOT_EXIST' }));
    for (const name of ['', 'x'.repeat(128), 'nul\0'])
      await expect(client.join(name)).rejects.toMatchObject({ code: 'CS_ERR_INVALID_PARAM' });
    await expect(client.join('chat', { pid: -1 })).rejects.toMatchObject({ code: 'CS_ERR_INVALID_PARAM' });
    await client.join('x'.repeat(127), { listener: () => undefined });
    await expect(client.mcast(new Uint8Array(67_108_865))).rejects.toMatchObject({ code: 'CS_ERR_TOO_BIG' });
    await expect(client.mcast('', { delivered: 1 as never })).rejects.toMatchObject({
      code: 'CS_ERR_INVALID_PARAM',
    });
    await expect(client.mcast(1 as never)).rejects.toMatchObject({ code: 'CS_ERR_INVALID_PARAM' });
    expect(client.bufferedBytes).toBe(0);
  });

  it('is refused where a process of the same pid is in the group, and can join another one', async () => {
    await using first = await connected();
    await first.join('chat', { pid: 7, listener: () => undefined });
    await using second = await connected();
    await expect(second.join('chat', { pid: 7 })).rejects.toMatchObject({
      code: 'CS_ERR_EXIST',
      sent: 'yes',
    });
    const view = await second.join('chat', { pid: 8, listener: () => undefined });
    expect(view.members).toHaveLength(2);
  });

  it('gives up a message until it is sent, and no longer', async () => {
    const { client, told } = await joined();
    const { signal } = new AbortController();
    await expect(client.mcast('never', { signal: AbortSignal.abort('enough') })).rejects.toBe('enough');
    const controller = new AbortController();
    const queued = client.mcast('not sent', { signal: controller.signal });
    controller.abort('changed my mind');
    await expect(queued).rejects.toBe('changed my mind');
    expect(client.bufferedBytes).toBe(0);
    await client.mcast('sent', { signal, delivered: true });
    expect(told.slice(1)).toMatchObject([{ message: new TextEncoder().encode('sent') }]);
    await client.close();
  });

  it('ends with corosync', async () => {
    const client = await connected();
    await client.join('chat');
    suite.corosync.kill('SIGKILL');
    await suite.corosync.exited();
    const events = client.events();
    await expect(
      (async () => {
        for await (const event of events) expect(event.kind).toBe('membership');
      })(),
    ).rejects.toMatchObject({ name: 'ConnectionError' });
    await expect(client.mcast('lost')).rejects.toMatchObject({ code: 'CS_ERR_BAD_HANDLE', sent: 'no' });
    await suite.restart();
  });
});

describeOnCorosync('Messages of CpgClient up to the largest', (suite) => {
  it('carries the largest message that goes out whole', async () => {
    await using client = await CpgClient.connect();
    const view: CpgMembershipEvent = await client.join('chat');
    expect(view.members).toHaveLength(1);
    const message = Buffer.alloc(1_047_552, 'x');
    suite.letEventsQueue();
    for (let round = 0; round < 5; round += 1) await client.mcast(message, { delivered: true });
    for (const event of (await read(client, 6)).slice(1))
      expect(event.kind === 'message' && message.equals(event.message)).toBe(true);
  });
});

describeOnCorosync(
  'Messages of libcpg over datagrams',
  (suite) => {
    it('end the connection where they do not fit one, and say so', async () => {
      const client = await CpgClient.connect();
      await client.join('chat', { pid: 1 });
      await using peer = new CpgPeer();
      await peer.connect();
      await peer.join('chat');
      expect(await peer.mcastFill(60_000, 1)).toBe(CS_OK);
      expect(await peer.mcastFill(100_000, 2)).toBe(CS_OK);
      const lengths: number[] = [];
      const readAll = async (): Promise<void> => {
        for await (const event of client.events())
          if (event.kind === 'message') lengths.push(event.message.length);
      };
      await expect(readAll()).rejects.toMatchObject({ name: 'ConnectionError', code: 'CS_ERR_TOO_BIG' });
      expect(lengths).toEqual([60_000]);
      await peer.notified(4); // the peer has both, and is told that we are gone
      expect(suite.transport).toBe('socket');
    });
  },
  {},
  ['socket'],
);

async function read(client: CpgClient, count: number): Promise<CpgEvent[]> {
  const events: CpgEvent[] = [];
  for await (const event of client.events()) {
    events.push(event);
    if (events.length === count) break;
  }
  return events;
}
