import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it, vi } from 'vitest';
import { STAY_MS } from '../../src/ipc/hidden-transport.ts';
import type { IpcConnection } from '../../src/ipc/index.ts';
import { connectTo } from '../helpers/fake/fake-client.ts';
import { fakeListener } from '../helpers/fake/fake-listener.ts';
import { FakeRequest, numberOf } from '../helpers/fake/fake-request.ts';
import { describeOnTransports, type FakeServer } from '../helpers/fake/fake-transports.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const SOON = { everyMs: 1 };
const PATIENT = { timeoutMs: 5000 };
const register = (): FakeRequest => new FakeRequest(1, { answer: 'later', holdsConnection: true });

function arrived(server: FakeServer, count: number): Promise<void> {
  return waitUntil(`${count} requests have come`, () => server.waiting === count, SOON);
}

const goes = (server: FakeServer): Promise<void> =>
  waitUntil('the connection has ended', () => !server.open, SOON);

/** The ways in which a user can be done with a connection. */
const ENDINGS: Readonly<Record<string, (connection: IpcConnection) => void | Promise<void>>> = {
  'destroyed with the request unanswered': (connection) => connection.destroy(new Error('enough')),
  'closed after the caller has given up': (connection) => connection.close(),
};

afterEach(() => {
  vi.useRealTimers();
});

describeOnTransports('a connection that corosync has still to answer', (start) => {
  it.each(Object.entries(ENDINGS))('stays, hidden, until the answer when it is %s', async (_, end) => {
    await using server = await start();
    const hears = fakeListener();
    const connection = await connectTo(server, hears);
    const aborting = new AbortController();
    const call = connection.submit(register(), { ...PATIENT, signal: aborting.signal });
    const outcome = call.catch((error: unknown) => error);
    await arrived(server, 1);
    const behind = connection
      .submit(new FakeRequest(2), { ...PATIENT, signal: aborting.signal })
      .catch(() => 'never sent');
    if (end === ENDINGS['closed after the caller has given up']) aborting.abort(new Error('enough'));
    await end(connection);

    expect(await outcome).toBeInstanceOf(Error);
    expect(await behind).toBe('never sent');
    expect(connection.closed).toBe(true);
    expect(hears.closed).toHaveLength(1);
    await expect(connection.submit(new FakeRequest(3), PATIENT)).rejects.toMatchObject({
      code: 'CS_ERR_BAD_HANDLE',
    });
    connection.destroy(); // again: nothing happens
    server.handle(1);
    server.sendEvent(Buffer.alloc(24, 1)); // is taken, and told to nobody
    await sleep(50);
    expect(server.open).toBe(true);
    expect(server.handled.map(numberOf)).toEqual([1]);
    server.answerLate();
    await goes(server);
    expect(hears.events).toEqual([]);
    expect(hears.closed).toHaveLength(1);
  });

  it('stays after a deadline, and is used on', async () => {
    await using server = await start();
    const connection = await connectTo(server);
    const call = connection.submit(register(), { timeoutMs: 200 }); // by then it is sent
    await expect(call).rejects.toMatchObject({ code: 'CS_ERR_TIMEOUT' });
    server.handle(1);
    server.answerLate();
    const next = connection.submit(new FakeRequest(2), PATIENT);
    await arrived(server, 1);
    server.handle(1);
    expect(await next).toBe(2);
    await connection.close();
    await goes(server);
  });

  it('goes at once when the answer has come, or the request was never sent', async () => {
    await using server = await start();
    const connection = await connectTo(server);
    server.setFlowControl(1);
    const call = connection.submit(register(), PATIENT).catch((error: unknown) => error);
    await sleep(20);
    connection.destroy();
    expect(await call).toMatchObject({ sent: 'no' });
    await goes(server);
    expect(server.waiting).toBe(0);
  });

  it('goes with corosync', async () => {
    await using server = await start();
    const hears = fakeListener();
    const connection = await connectTo(server, hears);
    const call = connection.submit(register(), PATIENT).catch((error: unknown) => error);
    await arrived(server, 1);
    connection.destroy();
    await call;
    server.die();
    await goes(server);
    expect(hears.closed).toHaveLength(1);
  });

  it('stays when what else arrives cannot be understood', async () => {
    await using server = await start();
    const hears = fakeListener();
    const malformed = (): never => {
      throw new Error('what is this?');
    };
    const connection = await connectTo(server, {
      onEvent: malformed,
      onClosed: (error) => hears.onClosed(error),
    });
    const call = connection.submit(register(), PATIENT).catch((error: unknown) => error);
    await arrived(server, 1);
    server.sendEvent(Buffer.alloc(24, 1));
    await waitUntil('the connection is closed', () => hears.closed.length === 1, SOON);
    await call;
    await sleep(50);
    expect(server.open).toBe(true);
    server.handle(1);
    server.answerLate();
    await goes(server);
  });

  it('keeps the process alive for a minute', async () => {
    await using server = await start();
    const connection = await connectTo(server);
    const call = connection.submit(register(), PATIENT).catch((error: unknown) => error);
    await arrived(server, 1);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const before = keepingAlive();
    connection.destroy();
    await call;
    await vi.advanceTimersByTimeAsync(STAY_MS - 1);
    expect(keepingAlive()).toBe(before);
    await vi.advanceTimersByTimeAsync(2);
    vi.useRealTimers();
    await waitUntil('nothing of it keeps the process alive', () => keepingAlive() < before, SOON);
    expect(server.open).toBe(true);
    server.die();
    await goes(server);
  });
});

/** Stream sockets that do, ours and the server's. */
function keepingAlive(): number {
  return process.getActiveResourcesInfo().filter((resource) => resource === 'PipeWrap').length;
}
