import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { CsError } from '../../src/errors/index.ts';
import { connectTo } from '../helpers/fake/fake-client.ts';
import { FakeRequest, FakeUnanswered, numberOf } from '../helpers/fake/fake-request.ts';
import { describeOnTransports, type FakeServer } from '../helpers/fake/fake-transports.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const SOON = { everyMs: 1 };
const PATIENT = { timeoutMs: 5000 };
/** Enough for a request to be sent, on any machine. */
const SENT_MS = 200;

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await turn();
}

/** The outcome of a call: its value, or what its error says of the request. */
function outcomes(calls: readonly Promise<unknown>[]): Promise<unknown[]> {
  return Promise.all(calls.map((call) => call.catch(outcomeOf)));
}

function outcomeOf(error: unknown): string {
  return error instanceof CsError ? `${error.code} ${error.sent}` : String(error);
}

function arrived(server: FakeServer, count: number): Promise<void> {
  return waitUntil(`${count} requests have come`, () => server.waiting === count, SOON);
}

const handledBy = (server: FakeServer): number[] => server.handled.map(numberOf);

describeOnTransports('a request that is answered later', (start) => {
  it('is alone, and nothing follows it until it is answered', async () => {
    await using server = await start();
    const connection = await connectTo(server);
    const calls = [
      connection.submit(new FakeRequest(1), PATIENT),
      connection.submit(new FakeRequest(2, { answer: 'later' }), PATIENT),
      connection.submit(new FakeRequest(3), PATIENT),
    ];
    await arrived(server, 1);
    server.handle(1);
    await arrived(server, 1);
    server.handle(1);
    await turns(20);
    expect(server.waiting).toBe(0);
    expect(handledBy(server)).toEqual([1, 2]);
    server.answerLate();
    await arrived(server, 1);
    server.handle(1);
    expect(await Promise.all(calls)).toEqual([1, 2, 3]);
    await connection.close();
  });

  it('may take its time: that it was handled and has no answer is no loss', async () => {
    await using server = await start();
    const connection = await connectTo(server);
    const late: number[] = [];
    const given = connection.submit(new FakeRequest(1, { answer: 'later', changes: true }), {
      timeoutMs: SENT_MS,
      onAbandonedAnswer: (value) => late.push(value),
    });
    const timedOut = expect(given).rejects.toMatchObject({ code: 'CS_ERR_TIMEOUT' });
    await arrived(server, 1);
    server.handle(1);
    await timedOut;
    const next = connection.submit(new FakeRequest(2), { timeoutMs: 1200 });
    await expect(next).rejects.toMatchObject({ code: 'CS_ERR_TIMEOUT', sent: 'no' });
    expect(connection.closed).toBe(false);
    const waits = connection.submit(new FakeRequest(3), PATIENT);
    server.answerLate();
    await arrived(server, 1);
    expect(late).toEqual([1]);
    server.handle(1);
    expect(await waits).toBe(3);
    await connection.close();
  });
});

describeOnTransports('requests that are never answered', (start, kind) => {
  /** Over datagrams nothing else tells that they were taken. */
  const barriers = kind === 'socket' ? 1 : 0;

  it('are taken when corosync has handled all of them, and the barrier behind them if there is one', async () => {
    await using server = await start();
    const connection = await connectTo(server);
    const taken: number[] = [];
    const calls = [1, 2, 3].map((number) =>
      connection.submit(new FakeUnanswered(number), PATIENT).then(() => taken.push(number)),
    );
    await arrived(server, 3 + barriers);
    server.handle(2 + barriers);
    await turns(20);
    expect(taken).toEqual([]);
    server.handle(1);
    await Promise.all(calls);
    expect(taken).toEqual([1, 2, 3]);
    expect(handledBy(server)).toEqual([1, 2, 3, ...(kind === 'socket' ? [1_000_003] : [])]);
    await connection.close();
  });

  it('need no barrier where another answer tells', async () => {
    await using server = await start();
    const connection = await connectTo(server);
    const calls = [
      connection.submit(new FakeUnanswered(1), PATIENT),
      connection.submit(new FakeRequest(2, { error: 12 }), PATIENT),
      connection.submit(new FakeUnanswered(3), PATIENT),
      connection.submit(new FakeRequest(4), PATIENT),
    ];
    await arrived(server, 4);
    server.handle(4);
    expect(await outcomes(calls)).toEqual([undefined, 'CS_ERR_NOT_EXIST yes', undefined, 4]);
    expect(handledBy(server)).toEqual([1, 2, 3, 4]);
    await connection.close();
  });

  it('can be given up; they still have their place', async () => {
    await using server = await start();
    const connection = await connectTo(server);
    const given = connection.submit(new FakeUnanswered(1), { timeoutMs: SENT_MS });
    const timedOut = expect(given).rejects.toMatchObject({
      code: 'CS_ERR_TIMEOUT',
      operation: 'fake_send',
      sent: 'unknown',
    });
    await arrived(server, 1 + barriers);
    await timedOut;
    const next = connection.submit(new FakeRequest(2), PATIENT);
    await turns(20);
    expect(server.waiting).toBe(1 + barriers);
    server.handle(1 + barriers);
    await arrived(server, 1);
    server.handle(1);
    expect(await next).toBe(2);
    await connection.close();
  });

  it('are waited for by close', async () => {
    await using server = await start();
    const connection = await connectTo(server);
    const calls = [1, 2].map((number) => connection.submit(new FakeUnanswered(number), PATIENT));
    const closing = connection.close();
    await arrived(server, 2 + barriers);
    server.handle(2 + barriers);
    await closing;
    expect(await outcomes(calls)).toEqual([undefined, undefined]);
  });
});

describeOnTransports('a request that is never answered, and whose connection ends', (start, kind) => {
  it('was taken where the ring says so, though nobody has looked yet', async () => {
    await using server = await start();
    const connection = await connectTo(server);
    const call = connection.submit(new FakeUnanswered(1), PATIENT);
    await arrived(server, kind === 'socket' ? 2 : 1);
    server.handle(1);
    server.die();
    expect(await outcomes([call])).toEqual([kind === 'socket' ? 'CS_ERR_LIBRARY unknown' : undefined]);
  });
});

describeOnTransports('an error tells whether the request reached corosync', (start, kind) => {
  it('when corosync is gone: what was handled, what was under way, what was never taken', async () => {
    await using server = await start();
    const connection = await connectTo(server);
    const calls = [
      connection.submit(new FakeRequest(1), PATIENT),
      ...[2, 3, 4, 5].map((number) => connection.submit(new FakeUnanswered(number), PATIENT)),
    ];
    await arrived(server, kind === 'socket' ? 6 : 5);
    const queued = connection.submit(new FakeRequest(6), PATIENT);
    server.handle(3);
    server.die();
    // Over datagrams a batch is believed as a whole; and of the last one that was taken nobody knows whether it was also handled.
    // What is never answered, and was handled, has no more to come.
    const lost = ['unknown', 'no', 'no'].map((sent) => `CS_ERR_LIBRARY ${sent}`);
    expect(await outcomes([...calls, queued])).toEqual(
      kind === 'socket'
        ? ['CS_ERR_LIBRARY yes', undefined, ...lost, 'CS_ERR_LIBRARY no']
        : [1, undefined, undefined, ...lost],
    );
    await expect(connection.submit(new FakeRequest(7), PATIENT)).rejects.toMatchObject({
      code: 'CS_ERR_BAD_HANDLE',
      sent: 'no',
    });
  });

  it('when we end the connection: corosync may still take what it has', async () => {
    await using server = await start();
    const connection = await connectTo(server);
    const calls = [1, 2, 3].map((number) => connection.submit(new FakeRequest(number), PATIENT));
    await arrived(server, 3);
    const queued = connection.submit(new FakeRequest(4), PATIENT);
    server.handle(1);
    connection.destroy();
    const [, ...rest] = await outcomes([...calls, queued]);
    expect(rest).toEqual(['CS_ERR_LIBRARY unknown', 'CS_ERR_LIBRARY unknown', 'CS_ERR_LIBRARY no']);
  });

  it('when its time is up', async () => {
    await using server = await start();
    const connection = await connectTo(server);
    const sent = connection.submit(new FakeRequest(1, { changes: true }), { timeoutMs: SENT_MS });
    const queued = arrived(server, 1).then(() => connection.submit(new FakeRequest(2), { timeoutMs: 30 }));
    expect(await outcomes([sent, queued])).toEqual(['CS_ERR_TIMEOUT unknown', 'CS_ERR_TIMEOUT no']);
    server.handle(1);
    await sleep(5);
    await connection.close();
  });
});
