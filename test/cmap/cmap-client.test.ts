import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { CmapClient } from '../../src/cmap/index.ts';
import { collect } from '../helpers/integration/integration-collect.ts';
import { ScriptedServer } from '../helpers/wire/scripted-server.ts';
import {
  reqCmapTrackDelete,
  resCmapGet,
  resCmapIterInit,
  resCmapIterNext,
  resCmapNotifyCallback,
  resCmapTrackAdd,
  resCmapTrackDelete,
  resHeaderOnly,
} from '../helpers/wire/message-builder.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const SOON = { everyMs: 1 };
/** enum req_cmap_types */
const ID = {
  set: 0,
  delete: 1,
  get: 2,
  adjustInt: 3,
  iterInit: 4,
  iterNext: 5,
  iterFinalize: 6,
  trackAdd: 7,
  trackDelete: 8,
  setCurrentMap: 9,
};
const NO_SECTIONS = 27;
const TRACK_HANDLE = 6_269_915_922_966_773_760n;

const idOf = (request: Buffer): number => request.readInt32LE(0);
const roomOf = (request: Buffer): number => Number(request.readBigUInt64LE(280));
const instHandleOf = (request: Buffer): bigint => request.readBigUInt64LE(288);

/** A value of 300 bytes behind every key; trackers are added; all else succeeds. */
function answer(request: Buffer): Buffer {
  const id = idOf(request);
  if (id === ID.get) {
    const room = roomOf(request);
    const fits = room >= 300;
    const value = Buffer.alloc(room, fits ? 'v' : 0).toString('hex');
    return resCmapGet({
      error: fits ? 1 : 7,
      valueLength: fits ? 300 : 0,
      type: fits ? 12 : 0,
      value,
    }).toBytes();
  }
  if (id === ID.trackAdd) return resCmapTrackAdd({ error: 1, trackHandle: String(TRACK_HANDLE) }).toBytes();
  if (id === ID.trackDelete) return resCmapTrackDelete({ error: 1, trackInstHandle: '1' }).toBytes();
  return resHeaderOnly({ id: id === ID.setCurrentMap ? 10 : id, error: 1 }).toBytes();
}

const notification = (trackInstHandle: bigint, value: string): Buffer =>
  resCmapNotifyCallback({
    trackInstHandle: String(trackInstHandle),
    key: 'test.key',
    event: 2,
    newType: 11,
    newValue: Buffer.from(`${value}\0`).toString('hex'),
    oldType: 0,
    oldValue: '',
  }).toBytes();

const onlyHandle = (corosync: ScriptedServer): bigint => corosync.requests.map(instHandleOf)[0] ?? 0n;

const ids = (corosync: ScriptedServer): number[] => corosync.requests.map(idOf);

/** An iterator over so many keys. */
function iteratorOver(keys: number): (request: Buffer) => Buffer {
  let given = 0;
  return (request) => {
    const id = idOf(request);
    if (id === ID.iterInit) {
      given = 0;
      return resCmapIterInit({ error: 1, iterHandle: '7' }).toBytes();
    }
    if (id !== ID.iterNext) return answer(request);
    const key = `k.${String(given++).padStart(6, '0')}`;
    return resCmapIterNext({
      error: given > keys ? NO_SECTIONS : 1,
      key: given > keys ? '' : key,
      valueLength: 1,
      type: 2,
    }).toBytes();
  };
}

describe('CmapClient.keys', () => {
  it('lets no other request of the connection come between, however many there are', async () => {
    await using corosync = await ScriptedServer.start({ answer: iteratorOver(5000) });
    await using client = await CmapClient.connect(corosync.options);
    let sets = 0;
    const listing = collect(client.keys('k.'));
    const listed = listing.then(() => true);
    const changeSome = async (): Promise<boolean> => {
      await Promise.all(Array.from({ length: 20 }, () => client.setUint8('other.key', sets++ % 256)));
      return false;
    };
    let changing = changeSome();
    while (!(await Promise.race([listed, changing]))) changing = changeSome();
    await changing;
    expect(await listing).toHaveLength(5000);
    const order = ids(corosync);
    expect(order.filter((id) => id === ID.set).length).toBeGreaterThan(0);
    // It begins anew until enough is asked for. Before its first key an iterator rests on nothing.
    const lists = order.join(' ').split(`${ID.iterInit} `).slice(1);
    expect(lists).toHaveLength(2);
    for (const list of lists) {
      const between = list.slice(list.indexOf(`${ID.iterNext} `), list.indexOf(`${ID.iterFinalize} `)).trim();
      expect(new Set(between.split(' '))).toEqual(new Set([String(ID.iterNext)]));
    }
  });
});

describe('CmapClient.entries', () => {
  it('asks again for values that have grown since they were listed', async () => {
    await using corosync = await ScriptedServer.start({ answer: iteratorOver(3) });
    await using client = await CmapClient.connect(corosync.options);
    const entries = await collect(client.entries('k.'));
    const value = { type: 'binary', value: new Uint8Array(300).fill(118) };
    expect(entries).toEqual([0, 1, 2].map((number) => ({ key: `k.00000${number}`, value })));
  });
});

describe('CmapClient.get', () => {
  it('asks a second time, with room for anything, for a value that did not fit', async () => {
    await using corosync = await ScriptedServer.start({ answer });
    await using client = await CmapClient.connect(corosync.options);
    const value = await client.get('test.key');
    expect(value).toEqual({ type: 'binary', value: new Uint8Array(300).fill(118) });
    expect(corosync.requests.map(roomOf)).toEqual([256, 16_385]);
  });

  it('reports CS_ERR_INVALID_PARAM if not even that is room enough', async () => {
    await using corosync = await ScriptedServer.start({
      answer: (request) =>
        resCmapGet({ error: 7, valueLength: 0, type: 0, value: '00'.repeat(roomOf(request)) }).toBytes(),
    });
    await using client = await CmapClient.connect(corosync.options);
    await expect(client.get('test.key')).rejects.toMatchObject({
      code: 'CS_ERR_INVALID_PARAM',
      key: 'test.key',
    });
    expect(corosync.requests).toHaveLength(2);
  });

  it('says in words that there is no such key', async () => {
    await using corosync = await ScriptedServer.start({
      answer: (request) =>
        resCmapGet({ error: 12, valueLength: 0, type: 0, value: '00'.repeat(roomOf(request)) }).toBytes(),
    });
    await using client = await CmapClient.connect(corosync.options);
    await expect(client.get('test.key')).rejects.toThrow(
      /^cmap_get "test\.key": CS_ERR_NOT_EXIST \(12\): there is no/,
    );
  });
});

describe('CmapClient', () => {
  it('sends nothing that its checks refuse', async () => {
    await using corosync = await ScriptedServer.start({ answer });
    await using client = await CmapClient.connect(corosync.options);
    const refused = [
      client.get('a'),
      client.set('a b', { type: 'int8', value: 1 }),
      client.set('test.key', { type: 'int8', value: 128 }),
      client.delete('a'),
      client.adjust('test.key', 0.5),
      client.track('test.key', { events: [] }),
      client.get('test.key', { timeoutMs: -1 }),
      client.get('test.key', { signal: AbortSignal.abort(new Error('before')) }),
    ];
    const results = await Promise.allSettled(refused);
    expect(results.map(({ status }) => status)).toEqual(refused.map(() => 'rejected'));
    expect(corosync.requests).toEqual([]);
  });

  it('switches to the stats map first, and only then', async () => {
    await using corosync = await ScriptedServer.start({ answer });
    await using client = await CmapClient.connect({ ...corosync.options, map: 'stats' });
    expect(client.map).toBe('stats');
    expect(ids(corosync)).toEqual([ID.setCurrentMap]);
    expect(corosync.requests[0]?.readInt32LE(16)).toBe(1);
    await using other = await CmapClient.connect(corosync.options);
    expect(other.map).toBe('icmap');
    expect(ids(corosync)).toEqual([]);
  });

  it('is not connected if the map cannot be switched, and leaves no socket open', async () => {
    await using corosync = await ScriptedServer.start({
      answer: () => resHeaderOnly({ id: 10, error: 12 }).toBytes(),
    });
    await expect(CmapClient.connect({ ...corosync.options, map: 'stats' })).rejects.toMatchObject({
      code: 'CS_ERR_NOT_EXIST',
    });
    await waitUntil('the socket is closed', () => corosync.openSockets === 0, SOON);
  });

  it('tells how it ended', async () => {
    await using corosync = await ScriptedServer.start({ answer });
    const closed = await CmapClient.connect(corosync.options);
    await closed.close();
    expect(await closed.whenClosed()).toBeUndefined();
    expect(closed.closed).toBe(true);
    const lost = await CmapClient.connect(corosync.options);
    corosync.die();
    expect(await lost.whenClosed()).toMatchObject({ name: 'ConnectionError', code: 'CS_ERR_LIBRARY' });
    const destroyed = await CmapClient.connect(corosync.options);
    const cause = new Error('mine');
    destroyed.destroy(cause);
    expect(await destroyed.whenClosed()).toMatchObject({ cause });
    await expect(destroyed.get('test.key')).rejects.toMatchObject({ code: 'CS_ERR_BAD_HANDLE' });
  });
});

describe('CmapClient.track', () => {
  it('keeps a notification that comes before the answer', async () => {
    await using corosync = await ScriptedServer.start({ answer, serve: false });
    await using client = await CmapClient.connect(corosync.options);
    const tracking = client.track('test.key');
    await waitUntil('the request has arrived', () => corosync.channels.unreadBytes === 1, SOON);
    // The first chunk of the ring, behind its header: the server has not taken it yet.
    const handle = instHandleOf(corosync.channels.request.get(8, 296));
    corosync.notify(notification(handle, 'early'));
    await turn();
    await turn();
    corosync.connection.wakeUp(5);
    const tracker = await tracking;
    expect(corosync.requests.map(instHandleOf)).toEqual([handle]);
    const { value } = (await tracker[Symbol.asyncIterator]().next()) as { value: unknown };
    expect(value).toMatchObject({ change: 'modify', newValue: { type: 'string', value: 'early' } });
    client.destroy();
  });

  it('drops what comes for a tracker that is deleted', async () => {
    await using corosync = await ScriptedServer.start({ answer });
    await using client = await CmapClient.connect(corosync.options);
    const seen: unknown[] = [];
    const [first, second] = [
      await client.track('test.key', { listener: () => seen.push('first') }),
      await client.track('test.key', { listener: () => seen.push('second') }),
    ];
    const [late = 0n, onTime = 0n] = corosync.requests.map(instHandleOf);
    await first.close();
    corosync.notify(notification(late, 'late'), notification(onTime, 'on time'));
    await waitUntil('the second is told', () => seen.length > 0, SOON);
    expect(seen).toEqual(['second']);
    await second.close();
    expect(ids(corosync)).toEqual([ID.trackAdd, ID.trackAdd, ID.trackDelete, ID.trackDelete]);
  });

  it('gives each tracker a handle that nobody can guess', async () => {
    await using corosync = await ScriptedServer.start({ answer });
    await using client = await CmapClient.connect(corosync.options);
    const trackers = await Promise.all(Array.from({ length: 64 }, () => client.track('test.key')));
    const handles = corosync.requests.map(instHandleOf);
    expect(new Set(handles).size).toBe(64);
    // Every bit is 1 in some and 0 in others: 64 random handles miss that once in 10^17 times.
    expect(handles.reduce((all, handle) => all | handle)).toBe(2n ** 64n - 1n);
    expect(handles.reduce((all, handle) => all & handle)).toBe(0n);
    await Promise.all(trackers.map((tracker) => tracker.close()));
  });

  it('gives the tracker back if its caller was gone when the answer came', async () => {
    await using corosync = await ScriptedServer.start({ answer, serve: false });
    await using client = await CmapClient.connect(corosync.options);
    const abort = new AbortController();
    const reason = new Error('enough');
    const tracking = client.track('test.key', { signal: abort.signal });
    await waitUntil('the request has arrived', () => corosync.channels.unreadBytes === 1, SOON);
    abort.abort(reason);
    await expect(tracking).rejects.toBe(reason);
    corosync.connection.wakeUp(5);
    await waitUntil('the tracker is deleted', () => corosync.channels.unreadBytes === 1, SOON);
    corosync.connection.wakeUp(5);
    const deletion = reqCmapTrackDelete({ trackHandle: String(TRACK_HANDLE) }).toBytes();
    expect(corosync.requests[1]).toEqual(deletion);
    client.destroy();
  });

  it('ends the connection on an event that is none of cmap', async () => {
    await using corosync = await ScriptedServer.start({ answer });
    const client = await CmapClient.connect(corosync.options);
    await client.track('test.key');
    const event = notification(1n, 'in order, but for the id');
    event.writeInt32LE(8, 0);
    corosync.notify(event);
    expect(await client.whenClosed()).toMatchObject({ name: 'ConnectionError', code: 'CS_ERR_SECURITY' });
  });

  it('throws from the loop when corosync is lost, after the last event', async () => {
    await using corosync = await ScriptedServer.start({ answer });
    const client = await CmapClient.connect(corosync.options);
    const tracker = await client.track('test.key');
    corosync.notify(notification(onlyHandle(corosync), 'last'));
    corosync.connection.hangUp();
    const seen: unknown[] = [];
    const reading = async (): Promise<void> => {
      for await (const event of tracker) seen.push(event.kind === 'notification' && event.newValue?.value);
    };
    await expect(reading()).rejects.toMatchObject({ name: 'ConnectionError', code: 'CS_ERR_LIBRARY' });
    expect(seen).toEqual(['last']);
  });

  it('looks before it tracks changes in the stats map: a text could crash corosync', async () => {
    await using corosync = await ScriptedServer.start({ answer });
    await using client = await CmapClient.connect({ ...corosync.options, map: 'stats' });
    await expect(client.track('stats.some.text')).rejects.toMatchObject({ code: 'CS_ERR_INVALID_PARAM' });
    expect(ids(corosync)).not.toContain(ID.trackAdd);
    const events = ['add', 'delete'] as const;
    await expect(client.track('stats.some.text', { events })).rejects.toMatchObject({
      code: 'CS_ERR_INVALID_PARAM',
    });
    expect(ids(corosync)).not.toContain(ID.trackAdd);
  });

  it('after close is refused like any other call', async () => {
    await using corosync = await ScriptedServer.start({ answer });
    const client = await CmapClient.connect(corosync.options);
    const closing = client.close();
    await expect(client.track('test.key')).rejects.toMatchObject({ code: 'CS_ERR_BAD_HANDLE' });
    await closing;
  });

  it('and a change that would crash corosync exclude each other', async () => {
    await using corosync = await ScriptedServer.start({ answer });
    await using client = await CmapClient.connect(corosync.options);
    await using other = await CmapClient.connect(corosync.options);
    const tracker = await other.track('quorum.', { prefix: true });
    const dangerous = (): Promise<void>[] => [
      client.setUint8('quorum.cancel_wait_for_all', 1),
      client.increment('quorum.cancel_wait_for_all'),
    ];
    const results = await Promise.allSettled(dangerous());
    expect(results).toMatchObject(results.map(() => ({ reason: { code: 'CS_ERR_BUSY' } })));
    await tracker.close();
    await Promise.all(dangerous());
  });

  it('and it do so no longer if corosync has refused the tracker', async () => {
    await using corosync = await ScriptedServer.start({
      answer: (request) =>
        idOf(request) === ID.trackAdd
          ? resCmapTrackAdd({ error: 8, trackHandle: '0' }).toBytes()
          : answer(request),
    });
    await using client = await CmapClient.connect(corosync.options);
    await expect(client.track('quorum.', { prefix: true })).rejects.toMatchObject({
      code: 'CS_ERR_NO_MEMORY',
    });
    await client.setUint8('quorum.cancel_wait_for_all', 1);
    expect(ids(corosync)).toEqual([ID.trackAdd, ID.set]);
  });

  it('has its own time, or that of the client', async () => {
    await using corosync = await ScriptedServer.start({ answer, serve: false });
    for (const [connect, track] of [
      [{}, { timeoutMs: 20 }],
      [{ timeoutMs: 200 }, {}],
    ]) {
      const client = await CmapClient.connect({ ...corosync.options, ...connect });
      await expect(client.track('test.key', track)).rejects.toMatchObject({ code: 'CS_ERR_TIMEOUT' });
      client.destroy();
    }
  });
});
