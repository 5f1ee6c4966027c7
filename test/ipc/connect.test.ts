import { getEventListeners } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import { constants } from 'node:os';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { connectIpc, type IpcOptions } from '../../src/ipc/connect.ts';
import { fakeListener } from '../helpers/fake/fake-listener.ts';
import { FakeSetupServer, type Script } from '../helpers/fake/fake-setup-server.ts';
import {
  connectionRequest,
  connectionResponse,
  type ConnectionResponse,
} from '../helpers/wire/message-builder.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const DEFAULTS: IpcOptions = {
  service: 'cmap',
  socketDirectory: undefined,
  sharedMemoryDirectory: undefined,
  bufferSize: 65_536,
  timeoutMs: 5000,
  signal: undefined,
  tryAgainAttempts: 2,
  tryAgainDelayMs: 10,
};
/** A name that libqb could have given for us. */
const RING = `/dev/shm/qb-1-${process.pid}-3-abcdef`;
const GOOD: ConnectionResponse = {
  error: 0,
  connectionType: 1,
  maxMessageSize: 65_536,
  connection: '1',
  request: `${RING}/qb-request-cmap`,
  response: `${RING}/qb-response-cmap`,
  event: `${RING}/qb-event-cmap`,
};
const answerOf = (fields: Partial<ConnectionResponse>): Buffer =>
  connectionResponse({ ...GOOD, ...fields }).toBytes();

/** Connects to a server that follows the script; it must fail, and leave no socket open. */
async function failure(
  script: Script,
  options: Partial<IpcOptions> = {},
): Promise<{ error: unknown; attempts: number }> {
  await using server = await FakeSetupServer.start(script);
  const { directory } = server;
  const error: unknown = await connectIpc(
    { ...DEFAULTS, socketDirectory: directory, sharedMemoryDirectory: directory, ...options },
    fakeListener(),
  ).then(
    () => new Error('connected'),
    (reason: unknown) => reason,
  );
  await waitUntil('the client has closed its sockets', () => server.open === 0, { everyMs: 1 });
  return { error, attempts: server.requests.length };
}

const answering =
  (...parts: Buffer[]): Script =>
  (socket) => {
    for (const part of parts) socket.write(part);
  };

describe('connecting to what is not corosync', () => {
  it.each<[string, Buffer, string]>([
    [
      'an answer with another id',
      Buffer.concat([Buffer.of(1, 0, 0, 0), answerOf({}).subarray(4)]),
      'CS_ERR_SECURITY',
    ],
    ['a positive error', answerOf({ error: 13 }), 'CS_ERR_SECURITY'],
    ['an unknown connection type', answerOf({ connectionType: 7 }), 'CS_ERR_SECURITY'],
    ['a path without an end', answerOf({ event: 'x'.repeat(4096) }), 'CS_ERR_SECURITY'],
    ['zeros', Buffer.alloc(12_328), 'CS_ERR_SECURITY'],
    ['noise', Buffer.alloc(12_328, 0xa5), 'CS_ERR_SECURITY'],
    ['a byte too much', Buffer.concat([answerOf({}), Buffer.alloc(1)]), 'CS_ERR_SECURITY'],
    ['far too much', Buffer.alloc(100_000), 'CS_ERR_SECURITY'],
    [
      'paths outside /dev/shm',
      answerOf({ request: '/etc/qb-1-2-3-abcdef/qb-request-cmap' }),
      'CS_ERR_SECURITY',
    ],
    ['a path that climbs', answerOf({ event: '/dev/shm/../etc/passwd' }), 'CS_ERR_SECURITY'],
    ['no paths', answerOf({ request: '', response: '', event: '' }), 'CS_ERR_SECURITY'],
    ['paths to nothing', answerOf({}), 'CS_ERR_NOT_EXIST'],
    ['rings for the other transport', answerOf({ connectionType: 0 }), 'CS_ERR_SECURITY'],
  ])('with %s', async (_what, answer, code) => {
    const { error, attempts } = await failure(answering(answer));
    expect(error).toMatchObject({ name: 'ConnectionError', code, operation: 'connect' });
    expect(attempts).toBe(1);
  });

  it('with ring files that somebody else could have made', async () => {
    const { error } = await failure(
      (socket) => {
        socket.write(answerOf({}));
      },
      { sharedMemoryDirectory: '/proc/self' },
    );
    expect(error).toMatchObject({ code: 'CS_ERR_NOT_EXIST' });
  });
});

/** The errnos that corosync sends, and what qb_to_cs_error makes of them. */
const ERRNOS = {
  ENOENT: 'CS_ERR_NOT_EXIST',
  EINTR: 'CS_ERR_INTERRUPT',
  E2BIG: 'CS_ERR_TOO_BIG',
  EBADF: 'CS_ERR_BAD_HANDLE',
  ENOMEM: 'CS_ERR_NO_MEMORY',
  EACCES: 'CS_ERR_ACCESS',
  EBUSY: 'CS_ERR_BUSY',
  EEXIST: 'CS_ERR_EXIST',
  ENODEV: 'CS_ERR_NOT_EXIST',
  EINVAL: 'CS_ERR_INVALID_PARAM',
  EMFILE: 'CS_ERR_LIBRARY',
  ENOSPC: 'CS_ERR_NO_SPACE',
  ENOSYS: 'CS_ERR_NOT_SUPPORTED',
  ETIME: 'CS_ERR_TIMEOUT',
  EBADMSG: 'CS_ERR_MESSAGE_ERROR',
  EOVERFLOW: 'CS_ERR_NAME_TOO_LONG',
  EMSGSIZE: 'CS_ERR_TOO_BIG',
  ENOTSUP: 'CS_ERR_NOT_SUPPORTED',
  ENOTCONN: 'CS_ERR_LIBRARY',
  ECONNREFUSED: 'CS_ERR_LIBRARY',
} as const;

describe('connecting to a corosync that refuses', () => {
  it.each(Object.entries(ERRNOS))('with %s is %s', async (errno, code) => {
    const number = constants.errno[errno as keyof typeof ERRNOS];
    const { error, attempts } = await failure(answering(answerOf({ error: -number, connectionType: 0 })));
    expect(error).toMatchObject({ name: 'ConnectionError', code, errno, operation: 'connect' });
    expect(attempts).toBe(1);
  });

  it.each(['EAGAIN', 'ENOMSG', 'ENOBUFS', 'ETIMEDOUT'] as const)(
    'with %s is asked again, a bounded number of times',
    async (errno) => {
      const answer = answerOf({ error: -constants.errno[errno] });
      const { error, attempts } = await failure(answering(answer), { tryAgainAttempts: 3 });
      expect(error).toMatchObject({ name: 'ConnectionError', code: 'CS_ERR_TRY_AGAIN', errno });
      expect(attempts).toBe(4);
    },
  );

  it('says what to do', async () => {
    const withErrno = async (errno: number): Promise<unknown> =>
      (await failure(answering(answerOf({ error: -errno })))).error;
    expect(await withErrno(constants.errno.EACCES)).toMatchObject({
      message: expect.stringMatching(/uidgid/) as unknown,
    });
    expect(await withErrno(constants.errno.ENOSPC)).toMatchObject({
      message: expect.stringMatching(/bufferSize/) as unknown,
    });
    expect(await withErrno(constants.errno.EMFILE)).toMatchObject({
      message: expect.stringMatching(/file descriptors/) as unknown,
    });
  });

  // libqb's server closes without a word if it has not seen our credentials.
  it.each([
    ['nothing', Buffer.alloc(0)],
    ['half an answer', answerOf({}).subarray(0, 5000)],
  ])('by closing after %s is asked again', async (_what, part) => {
    const { error, attempts } = await failure((socket) => socket.end(part));
    expect(error).toMatchObject({ name: 'ConnectionError', code: 'CS_ERR_LIBRARY' });
    expect(attempts).toBe(3);
  });

  it('is asked again no more once the deadline has passed', async () => {
    const answer = answerOf({ error: -constants.errno.EAGAIN });
    const { error, attempts } = await failure(answering(answer), {
      tryAgainAttempts: 1000,
      tryAgainDelayMs: 100,
      timeoutMs: 500,
    });
    expect(error).toMatchObject({
      code: 'CS_ERR_TIMEOUT',
      message: expect.stringMatching(/no attempt has succeeded within 500 ms.*CS_ERR_TRY_AGAIN/) as unknown,
      cause: { code: 'CS_ERR_TRY_AGAIN', errno: 'EAGAIN' },
    });
    expect(attempts).toBeLessThan(10);
  });

  it('is asked again no more once the caller has aborted', async () => {
    const abort = new AbortController();
    const reason = new Error('enough');
    const { error, attempts } = await failure(
      (socket) => {
        socket.write(answerOf({ error: -constants.errno.EAGAIN }));
        setTimeout(() => abort.abort(reason), 5);
      },
      { tryAgainAttempts: 10, tryAgainDelayMs: 100_000, signal: abort.signal },
    );
    expect(error).toBe(reason);
    expect(attempts).toBe(1);
    expect(getEventListeners(abort.signal, 'abort')).toEqual([]);
  });
});

describe('connecting', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it('sends the connection request with the buffer size', async () => {
    await using server = await FakeSetupServer.start((socket) => socket.end());
    const options = {
      ...DEFAULTS,
      socketDirectory: server.directory,
      tryAgainAttempts: 0,
      bufferSize: 123_456,
    };
    await expect(connectIpc(options, fakeListener())).rejects.toMatchObject({ code: 'CS_ERR_LIBRARY' });
    expect(server.requests).toEqual([connectionRequest({ maxMessageSize: 123_456 }).toBytes()]);
  });

  it('where no corosync is fails at once', async () => {
    await using server = await FakeSetupServer.start(() => undefined);
    fs.rmSync(`${server.directory}/cmap`);
    await expect(
      connectIpc({ ...DEFAULTS, socketDirectory: server.directory }, fakeListener()),
    ).rejects.toMatchObject({
      name: 'ConnectionError',
      errno: 'ENOENT',
      message: expect.stringMatching(/corosync is not running/) as unknown,
    });
  });

  it.each([
    ['ASCII', (bytes: number) => `/${'x'.repeat(bytes - 1)}`],
    ['other letters', (bytes: number) => `/${'é'.repeat((bytes - 1) >> 1)}${'x'.repeat((bytes - 1) & 1)}`],
  ])(
    'by a path of more than 107 bytes says so, and by one of 107 is tried: %s',
    async (_what, directoryOf) => {
      const outcome = (directory: string): Promise<unknown> =>
        connectIpc({ ...DEFAULTS, socketDirectory: directory }, fakeListener()).catch(
          (error: unknown) => error,
        );
      expect(await outcome(directoryOf(107 - '/cmap'.length))).toMatchObject({ errno: 'ENOENT' });
      for (const bytes of [108, 130, 5000]) {
        expect(await outcome(directoryOf(bytes - '/cmap'.length))).toMatchObject({
          name: 'ConnectionError',
          code: 'CS_ERR_NAME_TOO_LONG',
          errno: 'ENAMETOOLONG',
          message: expect.stringMatching(`has ${bytes} bytes; 107 are possible.*socketDirectory`) as unknown,
        });
      }
    },
  );

  it('to an abstract name that nobody has is refused', async () => {
    vi.spyOn(fs, 'existsSync').mockReturnValue(false);
    await expect(
      connectIpc({ ...DEFAULTS, service: 'no-such-service' }, fakeListener()),
    ).rejects.toMatchObject({
      name: 'ConnectionError',
      code: 'CS_ERR_LIBRARY',
      errno: 'ECONNREFUSED',
      message: expect.stringMatching(/@no-such-service; corosync is not running/) as unknown,
      cause: { message: 'connect ECONNREFUSED @no-such-service', address: '@no-such-service' },
    });
  });

  it('takes an answer that comes byte by byte', async () => {
    const answer = answerOf({ error: -constants.errno.EACCES });
    const { error } = await failure((socket) => {
      socket.setNoDelay(true);
      const send = (at: number): void => {
        if (at >= answer.length) return;
        const end = at < 48 ? at + 1 : at + 4096;
        socket.write(answer.subarray(at, end), () => setImmediate(send, end));
      };
      send(0);
    });
    expect(error).toMatchObject({ code: 'CS_ERR_ACCESS' });
  });

  it('with a signal that has fired does not even try', async () => {
    const reason = new Error('before');
    const { error, attempts } = await failure(() => undefined, { signal: AbortSignal.abort(reason) });
    expect(error).toBe(reason);
    expect(attempts).toBe(0);
  });

  it('can be aborted while the kernel connects', async () => {
    const abort = new AbortController();
    const reason = new Error('enough');
    await using server = await FakeSetupServer.start(() => undefined);
    const connecting = connectIpc(
      { ...DEFAULTS, socketDirectory: server.directory, signal: abort.signal },
      fakeListener(),
    );
    abort.abort(reason);
    await expect(connecting).rejects.toBe(reason);
    await waitUntil('the socket is closed', () => server.open === 0, { everyMs: 1 });
    expect(server.requests).toEqual([]);
  });
});

describe('a connection that is given up', () => {
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  const connectTo = (server: FakeSetupServer, options: Partial<IpcOptions>): Promise<unknown> => {
    const { directory } = server;
    const place = { socketDirectory: directory, sharedMemoryDirectory: directory };
    return connectIpc({ ...DEFAULTS, ...place, ...options }, fakeListener()).then(
      () => new Error('connected'),
      (reason: unknown) => reason,
    );
  };
  const ENOUGH = new Error('enough');
  /** Aborts when the server has been asked. */
  const giveUp = async (server: FakeSetupServer): Promise<void> => {
    const abort = new AbortController();
    const before = server.requests.length;
    const connecting = connectTo(server, { signal: abort.signal });
    while (server.requests.length === before) await new Promise((resolve) => setImmediate(resolve));
    abort.abort(ENOUGH);
    expect(await connecting).toBe(ENOUGH);
    expect(getEventListeners(abort.signal, 'abort')).toEqual([]);
  };
  const closed = (server: FakeSetupServer): Promise<void> =>
    waitUntil('the client has closed its sockets', () => server.open === 0, { everyMs: 1 });

  it('when its time is up ends in CS_ERR_TIMEOUT at once, and is closed when the server has answered: corosync would log an error', async () => {
    await using server = await FakeSetupServer.start(() => undefined);
    const error = await connectTo(server, { timeoutMs: 200 });
    expect(error).toMatchObject({ code: 'CS_ERR_TIMEOUT', operation: 'connect' });
    server.sendAll(answerOf({}).subarray(0, 12_327));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(server.open).toBe(1);
    server.sendAll(Buffer.alloc(1));
    await closed(server);
  });

  it('when it is aborted rejects at once, and is closed when the server has answered', async () => {
    await using server = await FakeSetupServer.start(() => undefined);
    await giveUp(server);
    expect(server.open).toBe(1);
    server.sendAll(answerOf({ error: -constants.errno.EACCES }));
    await closed(server);
  });

  it('is closed when the server closes, or after a while', async () => {
    await using server = await FakeSetupServer.start(() => undefined);
    await giveUp(server);
    server.hangUp();
    await closed(server);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    await giveUp(server);
    await vi.advanceTimersByTimeAsync(9_900);
    expect(server.open).toBe(1);
    await vi.advanceTimersByTimeAsync(200);
    vi.useRealTimers();
    await closed(server);
  });

  it('keeps the process alive for a moment only', async () => {
    await using server = await FakeSetupServer.start(() => undefined);
    const unref = vi.spyOn(net.Socket.prototype, 'unref');
    await giveUp(server);
    expect(unref).not.toHaveBeenCalled();
    await waitUntil('it keeps nobody', () => unref.mock.calls.length === 1);
    server.hangUp();
    await closed(server);
  });

  it('is one of at most eight: others wait until the server has answered one, and never longer than they want', async () => {
    let answersNow = false;
    const answer = answerOf({ error: -constants.errno.EACCES });
    await using server = await FakeSetupServer.start((socket) => {
      if (answersNow) socket.write(answer);
    });
    for (let i = 0; i < 8; i++) await giveUp(server);
    expect(server.requests).toHaveLength(8);
    expect(await connectTo(server, { timeoutMs: 20 })).toMatchObject({ code: 'CS_ERR_TIMEOUT' });
    expect(await connectTo(server, { signal: AbortSignal.timeout(20) })).toMatchObject({
      name: 'TimeoutError',
    });
    expect(server.requests).toHaveLength(8);
    await using elsewhere = await FakeSetupServer.start(() => undefined);
    await giveUp(elsewhere);
    expect(elsewhere.requests).toHaveLength(1);
    elsewhere.hangUp();
    const patient = Array.from({ length: 3 }, () => connectTo(server, {}));
    answersNow = true;
    server.sendAll(answer);
    for (const outcome of await Promise.all(patient))
      expect(outcome).toMatchObject({ code: 'CS_ERR_ACCESS' });
    await closed(server);
  });
});
