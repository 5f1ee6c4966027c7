import { describe, expect, it, vi } from 'vitest';
import { CS_ERROR_CODES } from '../../src/errors/index.ts';
import type { IpcConnection } from '../../src/ipc/ipc-connection.ts';
import { RingFile } from '../../src/ipc/shared-memory/ring-file.ts';
import { connectTo } from '../helpers/fake/fake-client.ts';
import { ScriptedServer } from '../helpers/wire/scripted-server.ts';
import { fakeListener } from '../helpers/fake/fake-listener.ts';
import { sharedMemoryDescriptors } from '../helpers/open-descriptors.ts';
import { answerFake, FakeRequest, numberOf } from '../helpers/fake/fake-request.ts';
import { waitUntil } from '../helpers/wait-until.ts';

describe('IpcConnection', () => {
  it('exchanges requests and answers over real ring files', async () => {
    await using corosync = await ScriptedServer.start({ answer: answerFake });
    const connection = await connectTo(corosync);
    const sizes = Array.from({ length: 300 }, (_, i) => 28 + i * 7);
    const answers = await Promise.all(
      sizes.map((size, number) =>
        connection.submit(new FakeRequest(number, { size, responseSize: size }), { timeoutMs: 5000 }),
      ),
    );
    expect(answers).toEqual(sizes.map((_, number) => number));
    expect(corosync.dropped).toBe(0);
    await connection.close();
  });

  it('hands on events, as many as are announced', async () => {
    await using corosync = await ScriptedServer.start({ answer: answerFake });
    const hears = fakeListener();
    const connection = await connectTo(corosync, hears);
    const events = [Buffer.alloc(24, 1), Buffer.alloc(99, 2), Buffer.alloc(1000, 3)];
    corosync.notify(...events);
    await waitUntil('the events have come', () => hears.events.length === 3, { everyMs: 1 });
    expect(hears.events).toEqual(events);
    expect(corosync.channels.event.spaceFree()).toBe(69_632);
    await connection.close();
  });

  it('ends if a byte announces no event', async () => {
    await using corosync = await ScriptedServer.start({ answer: answerFake });
    const hears = fakeListener();
    const connection = await connectTo(corosync, hears);
    corosync.connection.sendBytes(1);
    await waitUntil('the connection is closed', () => connection.closed, { everyMs: 1 });
    expect(hears.closed).toEqual([
      expect.objectContaining({ name: 'ConnectionError', code: 'CS_ERR_SECURITY' }),
    ]);
  });

  it('that is closed by its listener in the middle of many events delivers no more of them', async () => {
    await using corosync = await ScriptedServer.start({ answer: answerFake });
    const hears = fakeListener();
    let connection: IpcConnection | undefined = undefined;
    const seen: number[] = [];
    connection = await connectTo(corosync, {
      onEvent: (event) => {
        seen.push(event.u8(0));
        connection?.destroy(new Error('enough'));
      },
      onClosed: (error) => hears.onClosed(error),
    });
    corosync.notify(Buffer.alloc(24, 1), Buffer.alloc(24, 2));
    await waitUntil('the connection is closed', () => hears.closed.length > 0, { everyMs: 1 });
    expect(seen).toEqual([1]);
    expect(hears.closed).toEqual([
      expect.objectContaining({ message: expect.stringMatching(/destroyed/) as unknown }),
    ]);
  });

  it('lets calls settle when it closes, takes no new ones, and is closed once', async () => {
    await using corosync = await ScriptedServer.start({ answer: answerFake });
    const hears = fakeListener();
    const connection = await connectTo(corosync, hears);
    const call = connection.submit(new FakeRequest(1), { timeoutMs: 5000 });
    const closing = connection.close();
    expect(connection.close()).toBe(closing);
    await expect(connection.submit(new FakeRequest(2), { timeoutMs: 5000 })).rejects.toMatchObject({
      name: 'CsError',
      code: 'CS_ERR_BAD_HANDLE',
      key: 'request 2',
    });
    expect(await call).toBe(1);
    await closing;
    await connection.close();
    connection.destroy();
    expect(connection.closed).toBe(true);
    expect(hears.closed).toEqual([undefined]);
    await waitUntil('the socket is closed', () => corosync.openSockets === 0, { everyMs: 1 });
  });

  it('that is destroyed rejects what waits, and says why to what comes later', async () => {
    await using corosync = await ScriptedServer.start({ answer: answerFake, serve: false });
    const hears = fakeListener();
    const connection = await connectTo(corosync, hears);
    const call = connection.submit(new FakeRequest(1), { timeoutMs: 5000 });
    const cause = new Error('my reason');
    connection.destroy(cause);
    await expect(call).rejects.toMatchObject({ name: 'ConnectionError', code: 'CS_ERR_LIBRARY', cause });
    await expect(connection.submit(new FakeRequest(2), { timeoutMs: 5000 })).rejects.toMatchObject({
      code: 'CS_ERR_BAD_HANDLE',
      cause: { cause },
    });
    expect(hears.closed).toEqual([expect.objectContaining({ cause })]);
  });

  it('that is lost tells each call which it was, and whether it was sent', async () => {
    await using corosync = await ScriptedServer.start({ answer: answerFake, serve: false });
    const connection = await connectTo(corosync);
    const failure = (number: number, changes: boolean): Promise<unknown> =>
      connection
        .submit(new FakeRequest(number, { changes }), { timeoutMs: 5000 })
        .catch((error: unknown) => error);
    const [read, sent, waiting] = [failure(0, false), failure(1, true), failure(2, true)];
    await waitUntil('the requests have arrived', () => corosync.channels.unreadBytes === 3, {
      everyMs: 1,
    });
    const queued = failure(3, true);
    // The first is handled, and its answer lost; the second may be under way.
    corosync.channels.request.take();
    corosync.die();
    const reason = 'corosync closed the connection or died; the request was';
    const expected = { name: 'ConnectionError', code: 'CS_ERR_LIBRARY', operation: 'fake' };
    expect(await sent).toMatchObject({
      ...expected,
      key: 'request 1',
      detail: `${reason} sent, and may have taken effect`,
    });
    expect(await read).toMatchObject({ ...expected, key: 'request 0', detail: `${reason} sent` });
    expect(await waiting).toMatchObject({
      ...expected,
      key: 'request 2',
      detail: `${reason} not taken, and has no effect`,
    });
    expect(await queued).toMatchObject({ ...expected, key: 'request 3', detail: `${reason} not sent` });
  });

  it('that is lost rejects what waits at once, and later calls too', async () => {
    await using corosync = await ScriptedServer.start({ answer: answerFake, serve: false });
    const hears = fakeListener();
    const connection = await connectTo(corosync, hears);
    const call = connection.submit(new FakeRequest(1), { timeoutMs: Infinity });
    await waitUntil('the request has arrived', () => corosync.channels.unreadBytes === 1, {
      everyMs: 1,
    });
    corosync.die();
    await expect(call).rejects.toMatchObject({ name: 'ConnectionError', code: 'CS_ERR_LIBRARY' });
    await expect(connection.submit(new FakeRequest(2), { timeoutMs: 5000 })).rejects.toMatchObject({
      code: 'CS_ERR_BAD_HANDLE',
    });
    expect(hears.closed).toHaveLength(1);
    expect(connection.closed).toBe(true);
  });

  it('that is lost hands out the answers that had come', async () => {
    await using corosync = await ScriptedServer.start({ answer: answerFake, serve: false });
    const connection = await connectTo(corosync);
    const first = connection.submit(new FakeRequest(1), { timeoutMs: Infinity });
    const second = connection.submit(new FakeRequest(2), { timeoutMs: Infinity });
    await waitUntil('the requests have arrived', () => corosync.channels.unreadBytes === 2, {
      everyMs: 1,
    });
    corosync.connection.wakeUp(1);
    corosync.die();
    expect(await first).toBe(1);
    await expect(second).rejects.toMatchObject({ name: 'ConnectionError' });
  });

  it('that is lost hands out the events that had come, announced or not, before it says so', async () => {
    await using corosync = await ScriptedServer.start({ answer: answerFake, serve: false });
    const hears = fakeListener();
    const connection = await connectTo(corosync, hears);
    const events = [Buffer.alloc(24, 1), Buffer.alloc(24, 2)];
    corosync.notify(...events.slice(0, 1));
    corosync.channels.event.write(Buffer.alloc(24, 2));
    const call = connection.submit(new FakeRequest(1), { timeoutMs: Infinity });
    corosync.die(); // the write of the request's byte fails, and takes with it the bytes that have not been read
    await expect(call).rejects.toMatchObject({ name: 'ConnectionError' });
    expect(hears.events).toEqual(events);
    expect(hears.closed).toHaveLength(1);
  });

  it('with a half-closed socket is over, too', async () => {
    await using corosync = await ScriptedServer.start({ answer: answerFake });
    const hears = fakeListener();
    const connection = await connectTo(corosync, hears);
    corosync.connection.hangUp();
    await waitUntil('the connection is closed', () => connection.closed, { everyMs: 1 });
    expect(hears.closed).toHaveLength(1);
  });

  it('refuses a call whose signal has fired', async () => {
    await using corosync = await ScriptedServer.start({ answer: answerFake });
    const connection = await connectTo(corosync);
    const reason = new Error('before');
    await expect(
      connection.submit(new FakeRequest(1), { timeoutMs: 5000, signal: AbortSignal.abort(reason) }),
    ).rejects.toBe(reason);
    await connection.close();
    expect(corosync.requests).toEqual([]);
  });
});

describe('IpcConnection: what is given back', () => {
  it('goes out while it closes, and before what waits; whoever waits for it waits as long as told', async () => {
    await using corosync = await ScriptedServer.start({ answer: answerFake, serve: false });
    const connection = await connectTo(corosync);
    const call = connection.submit(new FakeRequest(1), { timeoutMs: 5000 });
    await waitUntil('it is sent', () => corosync.channels.unreadBytes === 1, { everyMs: 1 });
    const second = connection.submit(new FakeRequest(2), { timeoutMs: 5000 });
    const closing = connection.close();
    await expect(connection.release(new FakeRequest(3), 10)).rejects.toMatchObject({
      code: 'CS_ERR_TIMEOUT',
      key: 'request 3',
      sent: 'unknown',
    });
    const handled: number[] = [];
    const handleNext = (): void => {
      const request = corosync.channels.request.take();
      handled.push(numberOf(request));
      corosync.channels.response.write(answerFake(request));
    };
    handleNext();
    await waitUntil('the others are sent', () => corosync.channels.unreadBytes === 3, { everyMs: 1 });
    for (let i = 0; i < 2; i++) handleNext();
    expect(await Promise.all([call, second])).toEqual([1, 2]);
    await closing;
    expect(handled).toEqual([1, 3, 2]);
  });

  it('is given back by the end of the connection, too', async () => {
    await using corosync = await ScriptedServer.start({ answer: answerFake, serve: false });
    const connection = await connectTo(corosync);
    const released = connection.release(new FakeRequest(1), 5000);
    // Nobody needs its answer, so it is not waited for.
    await connection.close();
    await released;
    await connection.release(new FakeRequest(2), 5000);
  });

  it('fails with the answer', async () => {
    await using corosync = await ScriptedServer.start({ answer: answerFake });
    const connection = await connectTo(corosync);
    const refused = new FakeRequest(1, { error: CS_ERROR_CODES.CS_ERR_BAD_HANDLE });
    await expect(connection.release(refused, 5000)).rejects.toMatchObject({ code: 'CS_ERR_BAD_HANDLE' });
    await connection.close();
  });
});

it('a connection whose rings can be opened, but not read, is not made', async () => {
  await using corosync = await ScriptedServer.start({ answer: answerFake });
  const before = sharedMemoryDescriptors().length;
  const refused = vi.spyOn(RingFile.prototype, 'readData').mockImplementation(() => {
    throw Object.assign(new Error('EPERM: operation not permitted, read'), { code: 'EPERM' });
  });
  await expect(connectTo(corosync)).rejects.toMatchObject({
    name: 'ConnectionError',
    operation: 'connect',
    errno: 'EPERM',
    detail: expect.stringMatching(/^cannot read and write the files in /) as unknown,
  });
  refused.mockRestore();
  await waitUntil('the server has noticed', () => corosync.openSockets === 0, { everyMs: 1 });
  expect(sharedMemoryDescriptors().length).toBeLessThanOrEqual(before);
});
