import fs from 'node:fs';
import net from 'node:net';
import { constants } from 'node:os';
import { describe, expect, it } from 'vitest';
import { RING_HEADER } from '../../src/codec/ring-layout.ts';
import { RingFile } from '../../src/ipc/shared-memory/ring-file.ts';
import { CmapClient, QuorumClient } from '../../src/index.ts';
import { FakeCorosync, type FakeClient } from '../../src/testing/index.ts';
import { collect } from '../helpers/integration/integration-collect.ts';
import { ourOutcome } from '../helpers/integration/integration-outcome.ts';
import { connectionRequest } from '../helpers/wire/message-builder.ts';
import { RawConnection } from '../helpers/wire/raw-connection.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const SOON = { everyMs: 1 };
const BUFFER_SIZE = 65_536;

/** A client that only shakes hands, and then does what it likes with its rings. */
async function shakeHands(
  fake: FakeCorosync,
): Promise<{ socket: net.Socket; client: FakeClient; request: RingFile }> {
  const socket = net.connect(`${fake.connectOptions.socketDirectory ?? ''}/cmap`);
  socket.on('error', () => undefined);
  socket.resume();
  socket.write(connectionRequest({ maxMessageSize: BUFFER_SIZE }).toBytes());
  await waitUntil('it is welcome', () => fake.clients.length === 1, SOON);
  const client = fake.clients[0];
  if (client === undefined) throw new Error('there is no client');
  const name = `/dev/shm/${client.ringDirectory.split('/').at(-1) ?? ''}/qb-request-cmap`;
  const request = new RingFile(`${client.ringDirectory}/qb-request-cmap`, name, BUFFER_SIZE);
  return { socket, client, request };
}

/** Posts requests that no service knows, without their bytes. */
function postUnknown(request: RingFile, count: number): void {
  const chunk = Buffer.alloc(8 + 16);
  chunk.writeUInt32LE(16, 0);
  chunk.writeUInt32LE(0xa1a1a1a1, 4);
  chunk.writeInt32LE(99, 8);
  const all = Buffer.concat(Array.from({ length: count }, () => chunk));
  request.writeData(0, all, 0, all.length);
  request.writeHeader(RING_HEADER.writePointer, all.length / 4);
  request.writeHeader(RING_HEADER.semaphore, count);
}

describe('what a client does wrong', () => {
  it('a byte before its post is reported, and thrown at the end', async () => {
    const fake = await FakeCorosync.start();
    const { socket, request } = await shakeHands(fake);
    socket.write(Buffer.alloc(1));
    await waitUntil('it is reported', () => fake.violations.length === 1, SOON);
    request.close();
    await expect(fake.stop()).rejects.toThrow('a byte without a request');
  });

  it('a post without its byte is reported at the next wake-up', async () => {
    await using fake = await FakeCorosync.start();
    const { socket, request } = await shakeHands(fake);
    postUnknown(request, 2);
    socket.write(Buffer.alloc(1));
    await waitUntil('it is reported', () => fake.violations.length === 1, SOON);
    expect(fake.takeViolations()).toEqual([
      expect.objectContaining({ message: 'waits for 1 bytes that are not there' }),
    ]);
    expect(fake.counters.requests).toBe(2);
    request.close();
  });

  it.each([
    ['a bad magic', 16, 0xa110ced0],
    ['a chunk of nothing', 0, 0xa1a1a1a1],
    ['a chunk larger than the ring', 0x7fffff00, 0xa1a1a1a1],
  ])('%s is reported, and costs it the connection', async (_what, length, magic) => {
    await using fake = await FakeCorosync.start();
    const { socket, request } = await shakeHands(fake);
    const chunk = Buffer.alloc(8);
    chunk.writeUInt32LE(length, 0);
    chunk.writeUInt32LE(magic, 4);
    request.writeData(0, chunk, 0, 8);
    request.writeHeader(RING_HEADER.semaphore, 1);
    socket.write(Buffer.alloc(1));
    await waitUntil('it is gone', () => fake.clients.length === 0, SOON);
    expect(fake.takeViolations()).toHaveLength(1);
    request.close();
  });
});

describe('what a client may do', () => {
  it('a request to disconnect ends the connection', async () => {
    await using fake = await FakeCorosync.start();
    const raw = await RawConnection.connect(fake.connectOptions);
    await expect(raw.send({ message: 'reqHeaderOnly', id: -3 })).rejects.toMatchObject({
      name: 'ConnectionError',
    });
    expect(fake.clients).toEqual([]);
  });

  it('a client that asks for rings larger than can be made is refused', async () => {
    await using fake = await FakeCorosync.start();
    const socket = net.connect(`${fake.connectOptions.socketDirectory ?? ''}/cmap`);
    socket.write(connectionRequest({ maxMessageSize: -1 }).toBytes());
    let answer = Buffer.alloc(0);
    for await (const bytes of socket) answer = Buffer.concat([answer, bytes as Buffer]);
    expect(answer).toHaveLength(12_328);
    expect(answer.readInt32LE(16)).toBe(-constants.errno.ENOMEM);
    expect(fake.counters.refused).toBe(1);
    expect(fs.readdirSync(fake.connectOptions.socketDirectory ?? '')).toEqual(['cmap']);
  });
});

describe('what corosync does in its order', () => {
  it('takes up to 50 requests at a wake-up, and only then waits for their bytes', async () => {
    await using fake = await FakeCorosync.start();
    const { socket, request } = await shakeHands(fake);
    postUnknown(request, 60);
    socket.write(Buffer.alloc(1));
    await waitUntil('they are taken', () => fake.counters.requests > 0, SOON);
    expect([fake.counters.requests, request.readHeader(RING_HEADER.semaphore)]).toEqual([50, 10]);
    socket.write(Buffer.alloc(59));
    await waitUntil('all are taken', () => fake.counters.requests === 60, SOON);
    request.close();
  });

  it('shows the statistics of a client in its own order', async () => {
    await using fake = await FakeCorosync.start({ cluster: { nodes: 1 } });
    await using client = await CmapClient.connect({ ...fake.connectOptions, map: 'stats' });
    const keys: string[] = [];
    await client.track('stats.ipcs.service3.', {
      prefix: true,
      events: ['add', 'delete'],
      listener: (event) => void keys.push('key' in event ? (event.key.split('.').at(-1) ?? '') : event.kind),
    });
    await (await QuorumClient.connect(fake.connectOptions)).close();
    await waitUntil('it is gone', () => keys.length === 26, SOON);
    const names = ['queueing', 'queued', 'invalid_request', 'overload', 'sent', 'procname', 'requests'];
    names.push('responses', 'dispatched', 'send_retries', 'recv_retries', 'flow_control');
    names.push('flow_control_count');
    expect(keys).toEqual([...names, ...names]);
  });

  it('tells a client nothing before it is welcome, though its rings are there', async () => {
    await using fake = await FakeCorosync.start({
      cluster: { nodes: 1 },
      faults: [{ when: { step: 'welcome' }, do: { split: Array.from({ length: 50 }, () => 1) } }],
    });
    const socket = net.connect(`${fake.connectOptions.socketDirectory ?? ''}/cpg`);
    let received = 0;
    socket.on('data', ({ length }) => {
      if (received === 0) fake.cluster.loseToken();
      received += length;
    });
    socket.write(connectionRequest({ maxMessageSize: BUFFER_SIZE }).toBytes());
    await waitUntil('it is welcome', () => received >= 12_328, SOON);
    const welcome = received;
    fake.cluster.loseToken();
    await waitUntil('it is told', () => received > welcome, SOON);
    expect([welcome, received]).toEqual([12_328, 12_329]);
    socket.destroy();
  });

  it('has its own end of the rings open no more when it has let a client go', async () => {
    await using fake = await FakeCorosync.start();
    const { socket, request } = await shakeHands(fake);
    expect(request.readHeader(RING_HEADER.referenceCount)).toBe(1);
    socket.destroy();
    await waitUntil('it is gone', () => fake.clients.length === 0, SOON);
    expect(request.readHeader(RING_HEADER.referenceCount)).toBe(0);
    request.close();
  });
});

describe('ring files', () => {
  it('are made as libqb makes them, and go with their client', async () => {
    await using fake = await FakeCorosync.start();
    const client = await CmapClient.connect({ ...fake.connectOptions, bufferSize: BUFFER_SIZE });
    const directory = fake.clients[0]?.ringDirectory ?? '';
    expect(directory).toMatch(/\/qb-\d+-\d+-1-[A-Za-z0-9]{6}$/);
    expect(fs.statSync(directory).mode & 0o777).toBe(0o770);
    const sizes = Object.fromEntries(
      fs.readdirSync(directory).map((name) => {
        const { size, mode } = fs.statSync(`${directory}/${name}`);
        return [name, `${size} ${(mode & 0o777).toString(8)}`];
      }),
    );
    const [header, data] = ['8252 600', '69632 600'];
    expect(sizes).toEqual({
      'qb-request-cmap-header': header,
      'qb-request-cmap-data': data,
      'qb-response-cmap-header': header,
      'qb-response-cmap-data': data,
      'qb-event-cmap-header': header,
      'qb-event-cmap-data': data,
    });
    await client.close();
    await waitUntil('they are gone', () => !fs.existsSync(directory), SOON);
  });

  it('stay when the server dies, and go when it is stopped', async () => {
    const fake = await FakeCorosync.start();
    const client = await CmapClient.connect({ ...fake.connectOptions, bufferSize: BUFFER_SIZE });
    const directory = fake.clients[0]?.ringDirectory ?? '';
    fake.die();
    await client.whenClosed();
    expect(fs.readdirSync(directory)).toHaveLength(6);
    await fake.stop();
    expect(fs.existsSync(directory)).toBe(false);
  });
});

describe('what a test author sees and does', () => {
  it('clients, with what they have open', async () => {
    await using fake = await FakeCorosync.start({ entries: [['a.key', { type: 'uint8', value: 1 }]] });
    await using client = await CmapClient.connect({ ...fake.connectOptions, map: 'icmap' });
    await client.track('a.', { prefix: true, events: ['add', 'delete'] });
    await client.get('a.key');
    expect(fake.clients).toMatchObject([
      {
        number: 1,
        map: 'icmap',
        openIterators: 0,
        requests: 2,
        queuedEvents: 0,
        trackers: [{ key: 'a.', trackType: 13 }],
      },
    ]);
    await using other = await CmapClient.connect({ ...fake.connectOptions, map: 'stats' });
    expect(fake.clients.map(({ number, map }) => [number, map])).toEqual([
      [1, 'icmap'],
      [2, 'stats'],
    ]);
    expect(fake.counters).toMatchObject({
      connections: 2,
      requests: 3,
      responses: 3,
      droppedResponses: 0,
      events: 0,
    });
    fake.clients[1]?.close();
    expect(await other.whenClosed()).toMatchObject({ code: 'CS_ERR_LIBRARY' });
    expect(client.closed).toBe(false);
  });

  it('the map, read-only keys included, and what corosync could not hold', async () => {
    await using fake = await FakeCorosync.start({
      entries: { 'system.key': { type: 'string', value: 'x' } },
    });
    fake.cmap.set('system.key', { type: 'uint32', value: 7 });
    expect(fake.cmap.get('system.key')).toEqual({ type: 'uint32', value: 7 });
    expect(fake.cmap.delete('system.key')).toBe(true);
    expect(fake.cmap.delete('system.key')).toBe(false);
    expect(fake.cmap.entries().size).toBe(0);
    expect(() => fake.cmap.set('a b', { type: 'uint8', value: 1 })).toThrow(/CS_ERR_NAME_TOO_LONG/);
    expect(() => fake.cmap.set('a.b', { type: 'binary', value: new Uint8Array(16_385) })).toThrow(
      /CS_ERR_INVALID_PARAM/,
    );
    await expect(FakeCorosync.start({ entries: { 'a b': { type: 'uint8', value: 1 } } })).rejects.toThrow(
      RangeError,
    );
  });

  it('statistics: a poll tells of changes, and stats.clear sets them to zero', async () => {
    const link = 'stats.knet.node2.link0';
    await using fake = await FakeCorosync.start({
      stats: {
        [`${link}.connected`]: { type: 'uint8', value: 1 },
        [`${link}.down_count`]: { type: 'uint32', value: 4 },
        'stats.schedmiss.0.delay': { type: 'float', value: 1.5 },
      },
    });
    await using client = await CmapClient.connect({ ...fake.connectOptions, map: 'stats' });
    const told: string[] = [];
    await client.track(`${link}.connected`, { listener: (event) => void told.push(event.kind) });
    fake.cmap.pollStats();
    fake.cmap.setStat(`${link}.connected`, { type: 'uint8', value: 0 });
    fake.cmap.pollStats();
    fake.cmap.pollStats();
    await waitUntil('the change is told', () => told.length > 0, SOON);
    await client.setUint8('stats.clear.all', 1);
    expect(told).toEqual(['notification']);
    expect(fake.cmap.getStat(`${link}.connected`)).toEqual({ type: 'uint8', value: 0 });
    expect(fake.cmap.getStat(`${link}.down_count`)).toEqual({ type: 'uint32', value: 0 });
    expect((await collect(client.keys())).map(({ key }) => key)).toEqual([
      `${link}.connected`,
      `${link}.down_count`,
    ]);
  });

  it('faults count what they match, can be removed, and are gone after clear', async () => {
    await using fake = await FakeCorosync.start({ entries: { 'a.key': { type: 'uint8', value: 1 } } });
    await using client = await CmapClient.connect(fake.connectOptions);
    const outcomes = async (count: number): Promise<string> => {
      const all: string[] = [];
      for (let i = 0; i < count; i++) all.push(await ourOutcome(() => client.get('a.key')));
      return all.map((outcome) => (outcome === 'CS_OK' ? '.' : 'x')).join('');
    };
    const when = { step: 'request', request: 'get', key: 'a.key' } as const;
    const effect = { error: 'CS_ERR_TRY_AGAIN' } as const;
    const third = fake.faults.add({ when: { ...when, nth: 3, times: 2 }, do: effect });
    await client.setUint8('a.other', 1);
    await ourOutcome(() => client.get('a.other'));
    expect(await outcomes(6)).toBe('..xx..');
    expect(third.struck).toBe(2);
    const always = fake.faults.add({ when: { ...when, times: Infinity }, do: effect });
    expect(await outcomes(3)).toBe('xxx');
    always.remove();
    expect(await outcomes(2)).toBe('..');
    fake.faults.add({ when, do: effect });
    fake.faults.clear();
    expect(await outcomes(2)).toBe('..');
  });
});
