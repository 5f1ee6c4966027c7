import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { CallTrace, ConnectTrace, EventTrace, IpcConnection, LostTrace } from '../../src/ipc/index.ts';
import { connectTo } from '../helpers/fake/fake-client.ts';
import { fakeListener } from '../helpers/fake/fake-listener.ts';
import { FakeRequest, FakeUnanswered } from '../helpers/fake/fake-request.ts';
import { describeOnTransports, type FakeServer } from '../helpers/fake/fake-transports.ts';
import { waitUntil } from '../helpers/wait-until.ts';

interface Traces {
  readonly connect: ConnectTrace;
  readonly call: CallTrace;
  readonly event: EventTrace;
  readonly lost: LostTrace;
}

const SOON = { everyMs: 1 };
const PATIENT = { timeoutMs: 5000 };
let unsubscribeAll: (() => void)[] = [];

/** What is told on a channel until the end of the test. */
function heard<C extends keyof Traces>(channel: C, onTrace?: (trace: Traces[C]) => void): Traces[C][] {
  const traces: Traces[C][] = [];
  const name = `corosync-client:${channel}`;
  const listener = (message: unknown): void => {
    traces.push(message as Traces[C]);
    onTrace?.(message as Traces[C]);
  };
  subscribe(name, listener);
  unsubscribeAll.push(() => void unsubscribe(name, listener));
  return traces;
}

afterEach(() => {
  for (const undo of unsubscribeAll) undo();
  unsubscribeAll = [];
});

/** Connects, and has everything handled that comes. */
async function served(start: () => Promise<FakeServer>): Promise<{
  server: FakeServer;
  connection: IpcConnection;
  serve: <T>(call: Promise<T>) => Promise<T>;
}> {
  const server = await start();
  const connection = await connectTo(server);
  const serve = async <T>(call: Promise<T>): Promise<T> => {
    await waitUntil('the request has come', () => server.waiting > 0, SOON);
    server.handle(server.waiting);
    return call;
  };
  return { server, connection, serve };
}

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

const positive = expect.toSatisfy((ms: unknown) => typeof ms === 'number' && ms >= 0) as unknown;

describeOnTransports('what is told', (start, transport) => {
  const place = { service: 'cmap', transport };

  it('of a connection: what it took, and what was granted', async () => {
    const connects = heard('connect');
    const { server, connection } = await served(start);
    expect(connects).toEqual([
      {
        ...place,
        socket: expect.stringMatching(/^(?:@|\/.*\/)cmap$/) as unknown,
        bufferSize: connection.maxMessageSize,
        startTime: positive,
        durationMs: positive,
      },
    ]);
    await connection.close();
    await server[Symbol.asyncDispose]();
  });

  it('of calls: each, when its caller has his answer', async () => {
    const calls = heard('call');
    const { server, connection, serve } = await served(start);
    await serve(connection.submit(new FakeRequest(1, { size: 40, responseSize: 56 }), PATIENT));
    const refused = connection.submit(new FakeRequest(2, { error: 12 }), PATIENT);
    expect(await failureOf(serve(refused))).toBe(calls[1]?.error);
    await serve(connection.submit(new FakeUnanswered(3), PATIENT));
    const call = {
      ...place,
      socket: expect.any(String) as unknown,
      startTime: positive,
      durationMs: positive,
    };
    expect(calls).toEqual([
      {
        ...call,
        operation: 'fake',
        key: 'request 1',
        requestBytes: 40,
        responseBytes: 56,
        status: 'CS_OK',
        sent: 'yes',
      },
      {
        ...call,
        operation: 'fake',
        key: 'request 2',
        requestBytes: 32,
        responseBytes: 32,
        status: 'CS_ERR_NOT_EXIST',
        sent: 'yes',
        error: expect.objectContaining({ code: 'CS_ERR_NOT_EXIST' }) as unknown,
      },
      {
        ...call,
        operation: 'fake_send',
        key: 'request 3',
        requestBytes: 32,
        responseBytes: undefined,
        status: 'CS_OK',
        sent: 'yes',
      },
    ]);
    await connection.close();
    await server[Symbol.asyncDispose]();
  });

  it('of calls that were given up: whether they had been sent', async () => {
    const calls = heard('call');
    await using server = await start();
    const connection = await connectTo(server);
    const [sent, queued, before] = [
      new AbortController(),
      new AbortController(),
      AbortSignal.abort('before'),
    ];
    const first = connection.submit(new FakeRequest(1), { ...PATIENT, signal: sent.signal });
    await waitUntil('the request has come', () => server.waiting > 0, SOON);
    const second = connection.submit(new FakeRequest(2), { ...PATIENT, signal: queued.signal });
    const third = connection.submit(new FakeRequest(3), { ...PATIENT, signal: before });
    sent.abort('enough');
    queued.abort('enough');
    await Promise.allSettled([first, second, third]);
    const told = calls.map(({ key, status, sent: reached, error, responseBytes }) => ({
      key,
      status,
      reached,
      error,
      responseBytes,
    }));
    const given = { status: undefined, responseBytes: undefined };
    expect(told).toHaveLength(3);
    expect(told).toEqual(
      expect.arrayContaining([
        { ...given, key: 'request 1', reached: 'unknown', error: 'enough' },
        { ...given, key: 'request 2', reached: 'no', error: 'enough' },
        { ...given, key: 'request 3', reached: 'no', error: 'before' },
      ]),
    );
    connection.destroy();
  });

  it('of events: each, when its room has been given back', async () => {
    const order: string[] = [];
    const events = heard('event', () => order.push('told'));
    await using server = await start();
    const connection = await connectTo(server, {
      onEvent: () => order.push('decoded'),
      onDrained: () => order.push('drained'),
    });
    const event = Buffer.alloc(40);
    event.writeInt32LE(9, 0);
    await waitUntil('it is connected', () => server.established, SOON);
    if (transport === 'socket') {
      const first = connection.submit(new FakeRequest(1), PATIENT);
      await waitUntil('the request has come', () => server.waiting > 0, SOON);
      server.handle(1);
      await first;
    }
    server.sendEvent(event);
    await waitUntil('the event has come', () => order.length === 3, SOON);
    expect(events).toEqual([{ ...place, socket: expect.any(String) as unknown, id: 9, bytes: 40 }]);
    expect(order).toEqual(['decoded', 'told', 'drained']);
    await connection.close();
  });

  it('of a loss: with the error that ended it, and of the calls that it has cost', async () => {
    const [losses, calls] = [heard('lost'), heard('call')];
    const hears = fakeListener();
    await using server = await start();
    const connection = await connectTo(server, hears);
    const call = connection.submit(new FakeRequest(1), PATIENT);
    await waitUntil('the request has come', () => server.waiting > 0, SOON);
    server.die();
    expect(await failureOf(call)).toBe(calls[0]?.error);
    expect(calls[0]).toMatchObject({
      status: 'CS_ERR_LIBRARY',
      // Of the rings it is not known what a server that is gone was about to do.
      sent: transport === 'socket' ? 'no' : 'unknown',
    });
    expect(losses).toEqual([
      { ...place, socket: expect.any(String) as unknown, connectedMs: positive, error: hears.closed[0] },
    ]);
    expect(await failureOf(connection.submit(new FakeRequest(2), PATIENT))).toBe(calls[1]?.error);
    expect(calls[1]).toMatchObject({ status: 'CS_ERR_BAD_HANDLE', sent: 'no' });
  });

  it('is no loss where the owner ends the connection', async () => {
    const losses = heard('lost');
    await using server = await start();
    await (await connectTo(server)).close();
    (await connectTo(server)).destroy(new Error('mine'));
    await turn();
    expect(losses).toEqual([]);
  });

  it('tells the beginning of a call in its caller’s context, and the end, too', async () => {
    const context = new AsyncLocalStorage<string>();
    const told: unknown[] = [];
    const tell = (step: string) => (trace: unknown) =>
      void told.push([step, context.getStore(), (trace as CallTrace).operation]);
    const steps = {
      start: tell('start'),
      end: tell('end'),
      asyncStart: tell('asyncStart'),
      asyncEnd: tell('asyncEnd'),
      error: tell('error'),
    };
    const channel = tracingChannel('corosync-client:call');
    channel.subscribe(steps);
    unsubscribeAll.push(() => channel.unsubscribe(steps));
    const { server, connection, serve } = await served(start);
    const good = context.run('good', () => connection.submit(new FakeRequest(1), PATIENT));
    const bad = context.run('bad', () => connection.submit(new FakeRequest(2, { error: 12 }), PATIENT));
    await Promise.allSettled([serve(good), bad]);
    expect(told).toEqual([
      ['start', 'good', 'fake'],
      ['end', 'good', 'fake'],
      ['start', 'bad', 'fake'],
      ['end', 'bad', 'fake'],
      ['asyncStart', 'good', 'fake'],
      ['asyncEnd', 'good', 'fake'],
      ['error', 'bad', 'fake'],
      ['asyncStart', 'bad', 'fake'],
      ['asyncEnd', 'bad', 'fake'],
    ]);
    await connection.close();
    await server[Symbol.asyncDispose]();
  });

  it('harms nothing if who listens throws: the error is the process’s', async () => {
    const thrown: unknown[] = [];
    process.setUncaughtExceptionCaptureCallback((error) => thrown.push(error));
    try {
      const refuse = (): void => {
        throw new Error('a bad subscriber');
      };
      for (const channel of ['connect', 'call', 'event', 'lost'] as const) heard(channel, refuse);
      const { server, connection, serve } = await served(start);
      expect(await serve(connection.submit(new FakeRequest(1), PATIENT))).toBe(1);
      server.sendEvent(Buffer.alloc(24));
      await waitUntil('the event has been told', () => thrown.length === 3, SOON);
      expect(await serve(connection.submit(new FakeRequest(2), PATIENT))).toBe(2);
      server.die();
      await connection.whenClosed();
      await waitUntil('all have thrown', () => thrown.length === 5, SOON);
      await server[Symbol.asyncDispose]();
    } finally {
      process.setUncaughtExceptionCaptureCallback(null);
    }
  });

  it('harms nothing if who listens ends the connection', async () => {
    for (const step of ['start', 'asyncEnd'] as const) {
      const { server, connection, serve } = await served(start);
      const channel = tracingChannel('corosync-client:call');
      const steps = { [step]: () => connection.destroy(new Error('a rude subscriber')) };
      channel.subscribe(steps as never);
      const call = connection.submit(new FakeRequest(1), PATIENT);
      if (step === 'start') await expect(call).rejects.toMatchObject({ code: 'CS_ERR_BAD_HANDLE' });
      else expect(await serve(call)).toBe(1);
      channel.unsubscribe(steps as never);
      expect(connection.closed).toBe(true);
      await server[Symbol.asyncDispose]();
    }
  });
});

describeOnTransports('a subscriber that freezes what it is told', (start) => {
  it('spoils neither connections nor calls', async () => {
    const begun: object[] = [];
    const freeze = (message: unknown): void => void begun.push(Object.freeze(message as object));
    for (const span of ['connect', 'call']) {
      const name = `tracing:corosync-client:${span}:start`;
      subscribe(name, freeze);
      unsubscribeAll.push(() => void unsubscribe(name, freeze));
    }
    const calls = heard('call');
    const { connection, serve } = await served(start);
    expect(await serve(connection.submit(new FakeRequest(7), { timeoutMs: 1000 }))).toBeDefined();
    await waitUntil('the end is told', () => calls.length > 0, SOON);
    expect(begun).toHaveLength(2);
  });
});

describe('what is told of a connection that fails', () => {
  it('is the error', async () => {
    const connects = heard('connect');
    const options = { socketDirectory: '/nowhere', sharedMemoryDirectory: '/dev/shm', bufferSize: 65_536 };
    expect(await failureOf(connectTo({ options }))).toBe(connects[0]?.error);
    expect(connects).toEqual([
      {
        service: 'cmap',
        socket: '/nowhere/cmap',
        startTime: positive,
        durationMs: positive,
        error: expect.objectContaining({ code: 'CS_ERR_NOT_EXIST' }) as unknown,
      },
    ]);
  });
});
