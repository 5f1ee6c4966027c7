import fs from 'node:fs';
import { spawnSync } from 'node:child_process';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, expect, it, vi } from 'vitest';
import type { IpcConnection } from '../../../src/ipc/index.ts';
import { loadDatagramBackend } from '../../../src/ipc/datagram/datagram-packages.ts';
import { CONTROL } from '../../../src/ipc/datagram/datagram-control.ts';
import { describeOnDatagrams } from '../../helpers/datagram-backends.ts';
import { connectTo } from '../../helpers/fake/fake-client.ts';
import { FakeDatagramCorosync, type FakeDatagramOptions } from '../../helpers/fake/fake-datagram-corosync.ts';
import { fakeListener } from '../../helpers/fake/fake-listener.ts';
import { answerFake, FakeRequest, numberOf, responseHeader } from '../../helpers/fake/fake-request.ts';
import { waitUntil } from '../../helpers/wait-until.ts';

const SOON = { everyMs: 1 };
const PATIENT = { timeoutMs: 5000 };
/** Of Linux's queue of 10, as the helper's machine has it or not: read what is there. */
const QUEUE_LENGTH = Number(fs.readFileSync('/proc/sys/net/unix/max_dgram_qlen', 'utf8'));

const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await turn();
}

/** How many sockets and files of datagram connections this process holds. */
function descriptors(): number {
  return fs.readdirSync('/proc/self/fd').length;
}

/** The pid of a process that has been here and is gone. */
function deadPid(): number {
  return spawnSync('true').pid;
}

describeOnDatagrams('datagram sockets', (namespace) => {
  const start = (options: Partial<FakeDatagramOptions> = {}): Promise<FakeDatagramCorosync> =>
    FakeDatagramCorosync.start({ answer: answerFake, namespace, ...options });

  afterEach(() => {
    vi.restoreAllMocks();
  });

  const submit = (connection: IpcConnection, count: number, options = {}): Promise<number>[] =>
    numbers(count).map((number) => connection.submit(new FakeRequest(number, options), PATIENT));

  async function arrived(corosync: FakeDatagramCorosync, count: number): Promise<void> {
    await waitUntil(`${count} requests have come`, () => corosync.connection.requests.length === count, SOON);
  }

  it('exchange requests and answers of all sizes, in order', async () => {
    await using corosync = await start();
    const connection = await connectTo(corosync);
    expect(connection.transport).toBe('socket');
    const sizes = numbers(120).map((i) => 28 + i * 150);
    const answers = await Promise.all(
      sizes.map((size, number) =>
        connection.submit(new FakeRequest(number, { size, responseSize: size }), PATIENT),
      ),
    );
    expect(answers).toEqual(numbers(120));
    expect(corosync.connection.requests.map(numberOf)).toEqual(numbers(120));
    await connection.close();
  });

  it('exchange the largest messages that a datagram can carry here', async () => {
    await using corosync = await start();
    const connection = await connectTo(corosync);
    const largest = { size: 65_535, responseSize: 65_535 };
    expect(await connection.submit(new FakeRequest(1, largest), PATIENT)).toBe(1);
    await connection.close();
  });

  it.each([
    ['a request', { size: 65_536 }],
    ['an answer', { responseSize: 65_536 }],
  ])('refuse %s that would be cut, before anything is sent', async (_what, sizes) => {
    await using corosync = await start({ bufferSize: 1 << 20 });
    const connection = await connectTo(corosync);
    expect(connection.maxMessageSize).toBe(65_535);
    await expect(connection.submit(new FakeRequest(1, sizes), PATIENT)).rejects.toMatchObject({
      name: 'CsError',
      code: 'CS_ERR_TOO_BIG',
      key: 'request 1',
      message: expect.stringContaining('65536 bytes') as unknown,
    });
    expect(await connection.submit(new FakeRequest(2), PATIENT)).toBe(2);
    expect(corosync.connection.requests.map(numberOf)).toEqual([2]);
    await connection.close();
  });

  it.each([
    ['an answer', 'answer'],
    ['an event', 'event'],
  ] as const)('end with a reason when %s comes that was cut', async (_what, channel) => {
    await using corosync = await start({ bufferSize: 1 << 20 });
    const hears = fakeListener();
    const connection = await connectTo(corosync, hears);
    if (channel === 'event') corosync.connection.notify(responseHeader(5, 70_000, 1));
    const request = new FakeRequest(1, { responseSize: 70_000, maxResponseSize: 60_000 });
    const call = connection.submit(channel === 'answer' ? request : new FakeRequest(1), PATIENT);
    await call.catch(() => undefined);
    await waitUntil('the connection is closed', () => connection.closed, SOON);
    expect(hears.events).toEqual([]);
    expect(hears.closed).toMatchObject([
      {
        name: 'ConnectionError',
        code: 'CS_ERR_TOO_BIG',
        detail: expect.stringMatching(/message of 70000 bytes.*hand over 6553/) as unknown,
      },
    ]);
  });

  it('have fewer requests under way than the answers’ socket has places', async () => {
    await using corosync = await start({ serve: false });
    const connection = await connectTo(corosync);
    const places = QUEUE_LENGTH - 1;
    const calls = submit(connection, places + 5);
    await arrived(corosync, places);
    await turns(5);
    expect(corosync.connection.requests).toHaveLength(places);
    corosync.connection.answerNext();
    await arrived(corosync, places + 5);
    corosync.connection.answerNext();
    expect(await Promise.all(calls)).toEqual(numbers(places + 5));
    await connection.close();
  });

  it('have no more bytes under way than the kernel takes, in either direction', async () => {
    await using corosync = await start({ serve: false });
    const connection = await connectTo(corosync);
    // With a queue this short nothing else bounds small requests; 60 KiB cost 121 KiB, and two of them more than there is.
    const calls = [
      ...submit(connection, 3, { responseSize: 60_000, size: 32 }),
      ...submit(connection, 3, { size: 60_000 }),
    ];
    const seen: number[] = [];
    while (seen.length < 6) {
      await waitUntil('a request has come', () => corosync.connection.waiting.length > 0, SOON);
      await turns(3);
      const { waiting } = corosync.connection;
      seen.push(...waiting.map(numberOf));
      expect(waiting.filter((request) => request.length > 32).length).toBeLessThan(2);
      expect(waiting.filter((request) => request.readUInt32LE(20) > 32).length).toBeLessThan(2);
      corosync.connection.answerNext();
    }
    await Promise.all(calls);
    await connection.close();
  });

  it('count for corosync no request that is not there, and leave its figures at 0', async () => {
    await using corosync = await start();
    const connection = await connectTo(corosync);
    await Promise.all(submit(connection, 30));
    expect(corosync.connection.counts.length).toBe(30);
    expect(Math.max(...corosync.connection.counts)).toBe(1);
    expect(corosync.connection.word(CONTROL.requestsSent)).toBe(0);
    expect(corosync.connection.word(CONTROL.responsesSent)).toBe(0);
    await connection.close();
  });

  it('let nothing come between a request that corosync reads again and its follow-up', async () => {
    await using corosync = await start();
    const connection = await connectTo(corosync);
    let followUp: Promise<number> | undefined;
    const init = connection.submit(Object.assign(new FakeRequest(1), { readUntilFollowUp: true }), {
      ...PATIENT,
      onAnswer: () => {
        followUp = connection.submit(new FakeRequest(2), { ...PATIENT, urgent: true });
      },
    });
    const others = [3, 4, 5].map((number) => connection.submit(new FakeRequest(number), PATIENT));
    await Promise.all([init, ...others]);
    expect(await followUp).toBe(2);
    expect(corosync.connection.requests.map(numberOf)).toEqual([1, 2, 3, 4, 5]);
    await connection.close();
  });

  it('let a call be answered by the end of the connection, with its counters closed', async () => {
    await using corosync = await start();
    const connection = await connectTo(corosync);
    const calls = [
      connection.submit(new FakeRequest(1), { ...PATIENT, onAnswer: () => connection.destroy() }),
      connection.submit(new FakeRequest(2), PATIENT),
    ];
    expect((await Promise.allSettled(calls)).map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(connection.closed).toBe(true);
  });

  it('hold requests back while flow control says so', async () => {
    await using corosync = await start();
    const connection = await connectTo(corosync);
    corosync.connection.set(CONTROL.flowControl, 2);
    const call = connection.submit(new FakeRequest(1), PATIENT);
    await turns(20);
    expect(corosync.connection.requests).toEqual([]);
    corosync.connection.set(CONTROL.flowControl, 0);
    expect(await call).toBe(1);
    await connection.close();
  });

  it('carry events, also those before the first request', async () => {
    await using corosync = await start();
    const hears = fakeListener();
    const connection = await connectTo(corosync, hears);
    const events = [Buffer.alloc(24, 1), Buffer.alloc(99, 2), Buffer.alloc(33_000, 3)];
    for (const event of events) corosync.connection.notify(event);
    await waitUntil('the events have come', () => hears.events.length === 3, SOON);
    expect(hears.events).toEqual(events);
    await connection.close();
  });

  it('end with an event that its service cannot read', async () => {
    await using corosync = await start();
    const hears = fakeListener();
    const drained = vi.fn();
    const connection = await connectTo(corosync, {
      onEvent: (event) => void event.u64(40),
      onDrained: drained,
      onClosed: (error) => hears.onClosed(error),
    });
    corosync.connection.notify(Buffer.alloc(24));
    await waitUntil('the connection is closed', () => connection.closed, SOON);
    expect(drained).toHaveBeenCalledTimes(1);
    expect(hears.closed).toMatchObject([{ name: 'ConnectionError', code: 'CS_ERR_SECURITY' }]);
  });

  it('end if the stream socket announces something', async () => {
    await using corosync = await start();
    const hears = fakeListener();
    const connection = await connectTo(corosync, hears);
    corosync.connection.sendBytes(1);
    await waitUntil('the connection is closed', () => connection.closed, SOON);
    expect(hears.closed).toMatchObject([{ code: 'CS_ERR_SECURITY' }]);
  });

  it('wait for corosync to count an answer that is there already', async () => {
    await using corosync = await start({ serve: false });
    const connection = await connectTo(corosync);
    const seen = vi.fn();
    const call = connection.submit(new FakeRequest(1), PATIENT).then(seen);
    await arrived(corosync, 1);
    corosync.connection.sendUncounted(answerFake(corosync.connection.waiting[0] ?? Buffer.alloc(0)));
    await turns(20);
    expect(seen).not.toHaveBeenCalled();
    corosync.connection.add(CONTROL.responsesSent, 1);
    await call;
    expect(seen).toHaveBeenCalledWith(1);
    await connection.close();
  });

  /** The most that an attacker can do: he knows the names and the messages, but cannot write the counters. */
  it.each([
    ['before the true answer', 'first'],
    ['instead of the true answer, which is still under way', 'unread'],
    ['after the true answer', 'last'],
    ['while nothing is asked', 'idle'],
  ] as const)('never give out an answer that another process has forged: %s', async (_what, when) => {
    await using corosync = await start({ serve: false });
    const hears = fakeListener();
    const connection = await connectTo(corosync, hears);
    const seen = vi.fn();
    const forged = answerFake(requestBytes(1));
    if (when === 'idle') {
      corosync.sendForeign('response', forged);
    } else {
      const call = connection.submit(new FakeRequest(1), PATIENT);
      call.then(seen, () => undefined);
      await arrived(corosync, 1);
      if (when === 'unread') {
        // In one turn, so that the client reads the forged one with the true one counted, and unread.
        corosync.sendForeign('response', forged);
        corosync.connection.answerNext();
      } else if (when === 'first') {
        corosync.sendForeign('response', forged);
        await turns(5);
        expect(seen).not.toHaveBeenCalled();
        corosync.connection.answerNext();
      } else {
        corosync.connection.answerNext();
        corosync.sendForeign('response', forged);
      }
    }
    await waitUntil('the connection is closed', () => connection.closed, SOON);
    expect(seen).not.toHaveBeenCalled();
    expect(hears.closed).toMatchObject([{ name: 'ConnectionError', code: 'CS_ERR_SECURITY' }]);
  });

  it.each([
    ['before the true event', 'first'],
    ['behind the true event', 'last'],
    ['while nothing happens', 'idle'],
  ] as const)('never hand on an event that another process has forged: %s', async (_what, when) => {
    await using corosync = await start();
    const hears = fakeListener();
    const connection = await connectTo(corosync, hears);
    const [truth, forged] = [Buffer.alloc(24, 1), Buffer.alloc(24, 9)];
    if (when === 'last') corosync.connection.notify(truth);
    corosync.sendForeign('event', forged);
    if (when === 'first') corosync.connection.notify(truth);
    await waitUntil('the connection is closed', () => connection.closed, SOON);
    expect(hears.events).toEqual([]);
    expect(hears.closed).toMatchObject([{ name: 'ConnectionError', code: 'CS_ERR_SECURITY' }]);
  });

  it('never give out an answer in the place of one that was lost in a flood', async () => {
    await using corosync = await start({ serve: false });
    const connection = await connectTo(corosync);
    const calls = submit(connection, 3);
    const outcomes = Promise.allSettled(calls);
    await arrived(corosync, 3);
    corosync.connection.answerNext(1);
    // Until the queue is full, and corosync can send no more.
    expect(() => {
      for (let i = 0; i < QUEUE_LENGTH + 2; i++) corosync.sendForeign('response', Buffer.alloc(24));
    }).toThrow();
    expect(() => corosync.connection.sendUncounted(answerFake(requestBytes(1)))).toThrow();
    await waitUntil('the connection is closed', () => connection.closed, SOON);
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  });

  it('end if corosync counts more answers than it was asked', async () => {
    await using corosync = await start({ serve: false });
    const hears = fakeListener();
    const connection = await connectTo(corosync, hears);
    const call = connection.submit(new FakeRequest(1), PATIENT);
    await arrived(corosync, 1);
    corosync.connection.add(CONTROL.responsesSent, 1);
    corosync.connection.answerNext();
    await expect(call).rejects.toMatchObject({ name: 'ConnectionError', code: 'CS_ERR_SECURITY' });
  });

  it('end with a call’s deadline but not with the connection; the late answer is consumed', async () => {
    await using corosync = await start({ serve: false });
    const connection = await connectTo(corosync);
    const given = connection.submit(new FakeRequest(1), { timeoutMs: 200 });
    const next = connection.submit(new FakeRequest(2), { timeoutMs: 200 });
    const outcomes = await Promise.allSettled([given, next]);
    for (const outcome of outcomes) expect(outcome).toMatchObject({ reason: { code: 'CS_ERR_TIMEOUT' } });
    const waits = connection.submit(new FakeRequest(3), PATIENT);
    corosync.connection.answerNext();
    await arrived(corosync, 3);
    corosync.connection.answerNext();
    expect(await waits).toBe(3);
    await connection.close();
  });

  it('give out an answer that came before the deadline, though nobody could look', async () => {
    await using corosync = await start({ serve: false });
    const connection = await connectTo(corosync);
    const call = connection.submit(new FakeRequest(1), { timeoutMs: 300 });
    await arrived(corosync, 1);
    corosync.connection.answerNext();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 340);
    expect(await call).toBe(1);
    await connection.close();
  });

  it('let a call be aborted, and consume its answer', async () => {
    await using corosync = await start({ serve: false });
    const connection = await connectTo(corosync);
    const abort = new AbortController();
    const call = connection.submit(new FakeRequest(1), { ...PATIENT, signal: abort.signal });
    await arrived(corosync, 1);
    const reason = new Error('enough');
    abort.abort(reason);
    await expect(call).rejects.toBe(reason);
    const next = connection.submit(new FakeRequest(2), PATIENT);
    corosync.connection.answerNext();
    await arrived(corosync, 2);
    corosync.connection.answerNext();
    expect(await next).toBe(2);
    await connection.close();
  });

  it('let calls settle when the connection closes', async () => {
    await using corosync = await start();
    const connection = await connectTo(corosync);
    const calls = submit(connection, 25);
    const closing = connection.close();
    expect(await Promise.all(calls)).toEqual(numbers(25));
    await closing;
    expect(connection.closed).toBe(true);
  });

  it('stay until corosync has let go: where they are gone too early it waits a second for them', async () => {
    await using corosync = await start();
    const connection = await connectTo(corosync);
    const { connection: server } = corosync;
    connection.destroy();
    // Before the stream socket's end has reached it, corosync may have an event to send.
    expect(() => server.notify(Buffer.alloc(24))).not.toThrow();
    await waitUntil('corosync has let go', () => !fs.existsSync(server.controlFile), SOON);
    await waitUntil(
      'the sockets are closed',
      () => isGone(() => corosync.sendForeign('event', Buffer.alloc(1))),
      SOON,
    );
  });

  it('leave no descriptor and no file', async () => {
    await using corosync = await start();
    const before = descriptors();
    for (let i = 0; i < 5; i++) {
      const connection = await connectTo(corosync);
      await Promise.all(submit(connection, 5));
      await connection.close();
    }
    await waitUntil('all is closed', () => descriptors() <= before, SOON);
    expect(fs.readdirSync(corosync.setup.directory)).toEqual(['cmap']);
  });

  it('fail what waits when corosync dies, and remove what it leaves', async () => {
    await using corosync = await start({ serve: false, pid: deadPid() });
    const hears = fakeListener();
    const connection = await connectTo(corosync, hears);
    const calls = submit(connection, 20);
    const outcomes = Promise.allSettled(calls);
    await waitUntil('requests have come', () => corosync.connection.requests.length > 0, SOON);
    corosync.connection.die();
    for (const outcome of await outcomes) {
      expect(outcome).toMatchObject({ reason: { name: 'ConnectionError', code: 'CS_ERR_LIBRARY' } });
    }
    await waitUntil(
      'its files are removed',
      () => fs.readdirSync(corosync.setup.directory).length === 1,
      SOON,
    );
    expect(hears.closed).toHaveLength(1);
  });

  it('take a request that cannot be sent for the loss of corosync', async () => {
    await using corosync = await start({ serve: false, pid: deadPid() });
    const hears = fakeListener();
    const connection = await connectTo(corosync, hears);
    corosync.connection.closeSockets();
    await expect(connection.submit(new FakeRequest(1), PATIENT)).rejects.toMatchObject({
      name: 'ConnectionError',
      code: 'CS_ERR_LIBRARY',
      cause: expect.any(Error) as unknown,
    });
    await waitUntil(
      'its files are removed',
      () => fs.readdirSync(corosync.setup.directory).length === 1,
      SOON,
    );
    expect(hears.closed).toHaveLength(1);
  });

  it('are not opened beside counters that others could have made', async () => {
    await using corosync = await start({ controlMode: 0o644 });
    const before = descriptors();
    await expect(connectTo(corosync)).rejects.toMatchObject({ code: 'CS_ERR_SECURITY' });
    await waitUntil('nothing is left open', () => descriptors() <= before + 5, SOON);
  });

  const inCounters =
    (offset: number, value: number) =>
    (controlFile: string): void => {
      const bytes = fs.readFileSync(controlFile);
      bytes.writeInt32LE(value, offset);
      fs.writeFileSync(controlFile, bytes);
    };

  it.each<[string, (controlFile: string) => void]>([
    ['with a request in them', inCounters(CONTROL.requestsSent, 1)],
    ['of another client, who has taken more than he was sent', inCounters(CONTROL.requestsSent, -1)],
    ['with an answer in them', inCounters(CONTROL.responsesSent, 1)],
    ['with an event in them', inCounters(CONTROL.eventsSent, 1)],
    ['with flow control that corosync does not know', inCounters(CONTROL.flowControl, 3)],
    ['with flow control of answers', inCounters(12, 1)],
    ['that were there before we asked', (path) => fs.utimesSync(path, 0, 0)],
  ])('are not opened beside counters %s: nothing is written, bound or removed', async (_what, spoil) => {
    let fd = -1;
    let before: Buffer | undefined;
    await using corosync = await start({
      spoil: (controlFile) => {
        spoil(controlFile);
        before = fs.readFileSync(controlFile);
        fd = fs.openSync(controlFile, 'r');
      },
      pid: deadPid(),
    });
    const removing = vi.spyOn(fs, 'rmSync');
    await expect(connectTo(corosync)).rejects.toMatchObject({
      name: 'ConnectionError',
      code: 'CS_ERR_SECURITY',
    });
    expect(fs.readFileSync(fd)).toEqual(before);
    fs.closeSync(fd);
    expect(removing.mock.calls.filter(([name]) => /-(?:response|event)$/.test(String(name)))).toEqual([]);
  });

  it('may find that corosync has set flow control already', async () => {
    await using corosync = await start({ spoil: inCounters(CONTROL.flowControl, 2) });
    await (await connectTo(corosync)).close();
  });

  it.runIf(namespace === 'abstract')(
    'are not opened where another process has taken their name',
    async () => {
      const backend = await loadDatagramBackend(namespace);
      const sockets: { close(): void }[] = [];
      await using corosync = await start({
        spoil: (controlFile) => {
          const [directory = ''] = controlFile.split('/').slice(-2);
          const listener = { onDatagram: () => undefined, onError: () => undefined };
          sockets.push(backend.bind(`/dev/shm/${directory}/qb-cmap-event`, listener));
        },
      });
      await expect(connectTo(corosync)).rejects.toMatchObject({
        code: 'CS_ERR_SECURITY',
        errno: 'EADDRINUSE',
      });
      for (const socket of sockets) socket.close();
    },
  );
});

function requestBytes(number: number): Buffer {
  const request = Buffer.alloc(28);
  request.writeUInt32LE(number, 16);
  request.writeUInt32LE(32, 20);
  request.writeUInt32LE(1, 24);
  return request;
}

function isGone(send: () => void): boolean {
  try {
    send();
    return false;
  } catch {
    return true;
  }
}
