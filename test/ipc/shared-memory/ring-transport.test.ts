import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { RING_HEADER } from '../../../src/codec/ring-layout.ts';
import type { ConnectionError } from '../../../src/errors/index.ts';
import { PendingCall } from '../../../src/ipc/calls/pending-call.ts';
import { EventRing } from '../../../src/ipc/shared-memory/event-ring.ts';
import { RequestRing } from '../../../src/ipc/shared-memory/request-ring.ts';
import { ResponseRing } from '../../../src/ipc/shared-memory/response-ring.ts';
import { RingTransport } from '../../../src/ipc/shared-memory/ring-transport.ts';
import type { SetupSocket } from '../../../src/ipc/setup-socket.ts';
import { LibqbRing } from '../../../src/testing/server/libqb-ring.ts';
import { gone } from '../../helpers/corosync/gone.ts';
import { answerFake, FakeRequest } from '../../helpers/fake/fake-request.ts';
import { MemoryRing } from '../../helpers/memory/memory-ring.ts';
import { waitUntil } from '../../helpers/wait-until.ts';

const WORDS = 2 ** 18;

/** A transport whose stream socket is the test; events are written with `server`. */
function open(): { server: LibqbRing; arrive: (bytes: number) => number; told: string[] } {
  const events = new MemoryRing(WORDS);
  let arrive: (bytes: number) => number = () => expect.unreachable();
  const setup = {
    listen: (onEventBytes: typeof arrive) => (arrive = onEventBytes),
  };
  const transport = new RingTransport({
    setup: setup as unknown as SetupSocket,
    requests: new RequestRing(new MemoryRing(WORDS)),
    responses: new ResponseRing(new MemoryRing(WORDS)),
    events: new EventRing(events),
    maxMessageSize: WORDS,
    removeLeftovers: () => undefined,
  });
  const told: string[] = [];
  transport.listen({
    onEvent: () => told.push('event'),
    onDrained: () => told.push('drained'),
    onFailure: () => told.push('failure'),
    onBehind: (behind) => told.push(`behind ${behind}`),
    onLost: () => told.push('lost'),
  });
  return { server: new LibqbRing(events), arrive: (bytes) => arrive(bytes), told };
}

describe('RingTransport', () => {
  it('lets the socket rest in a flood of events, and hands them all on', () => {
    const { server, arrive, told } = open();
    const count = 300;
    let rests = 0;
    // However slow this machine is now and then: for a while it is quick enough.
    for (let round = 0; round < 1000 && rests === 0; round++) {
      for (let i = 0; i < count; i++) expect(server.write(Buffer.alloc(24))).toBe(true);
      rests += arrive(count);
      expect(told.splice(0)).toEqual([...new Array<string>(count).fill('event'), 'drained']);
    }
    expect(rests).toBe(1);
  });

  it('does not let the socket rest after a failure', () => {
    const { arrive, told } = open();
    expect(arrive(1)).toBe(0);
    expect(told).toEqual(['drained', 'failure']);
  });
});

describe('a RingTransport whose events may wait inside corosync', () => {
  const SMALL = 64;
  /** With a small ring of events, and the cheapest request to wake corosync. */
  const open = (): {
    transport: RingTransport;
    servers: Record<'requests' | 'responses' | 'events', LibqbRing>;
    arrive: (bytes: number) => void;
    behind: boolean[];
  } => {
    const rings = {
      requests: new MemoryRing(WORDS),
      responses: new MemoryRing(WORDS),
      events: new MemoryRing(SMALL),
    };
    let arrive: (bytes: number) => unknown = () => expect.unreachable();
    const setup = {
      listen: (onEventBytes: typeof arrive) => (arrive = onEventBytes),
      sendRequestBytes: () => true,
      destroy: () => undefined,
    };
    const transport = new RingTransport({
      setup: setup as unknown as SetupSocket,
      requests: new RequestRing(rings.requests),
      responses: new ResponseRing(rings.responses),
      events: new EventRing(rings.events),
      maxMessageSize: WORDS,
      removeLeftovers: () => undefined,
    });
    const behind: boolean[] = [];
    transport.listen({
      waking: { wake: () => new FakeRequest(9), largestEvent: 24 },
      onEvent: () => undefined,
      onDrained: () => undefined,
      onFailure: (error) => expect.fail(String(error)),
      onBehind: (is) => behind.push(is),
      onLost: () => undefined,
    });
    const { requests, responses, events } = rings;
    const servers = {
      requests: new LibqbRing(requests),
      responses: new LibqbRing(responses),
      events: new LibqbRing(events),
    };
    return { transport, servers, arrive: (bytes) => void arrive(bytes), behind };
  };
  /** As many events as there is room for; how many. */
  const fill = (server: LibqbRing): number => {
    let count = 0;
    while (server.write(Buffer.alloc(24))) count += 1;
    return count;
  };

  it('wakes corosync when its ring was full, until nothing waits, and holds changes back', async () => {
    const { transport, servers, arrive, behind } = open();
    arrive(fill(servers.events));
    expect([transport.behind, behind]).toEqual([true, [true]]);
    let isCaughtUp = false;
    const catchingUp = transport.eventsCaughtUp().then(() => (isCaughtUp = true));
    await waitUntil('corosync is woken', () => servers.requests.semaphore > 0, { everyMs: 1 });
    const change = new PendingCall(new FakeRequest(1, { changes: true }), { timeoutMs: Infinity });
    transport.submit(change as PendingCall);
    // One event has waited, which leaves room for others.
    servers.events.write(Buffer.alloc(24));
    servers.responses.write(answerFake(servers.requests.take()));
    await waitUntil('it is over', () => !transport.behind, { everyMs: 1 });
    expect([behind, isCaughtUp]).toEqual([[true, false], false]);
    arrive(1);
    await catchingUp;
    await waitUntil('the change goes out', () => servers.requests.semaphore > 0, { everyMs: 1 });
    servers.responses.write(answerFake(servers.requests.take()));
    expect(await change.promise).toBe(1);
    transport.stop(gone());
  });

  it('holds changes back for a moment only, where nobody takes the events', async () => {
    const { transport, servers } = open();
    fill(servers.events);
    const catchingUp = transport.eventsCaughtUp().catch((error: unknown) => error);
    expect(transport.behind).toBe(true);
    const change = new PendingCall(new FakeRequest(1, { changes: true }), { timeoutMs: Infinity });
    transport.submit(change as PendingCall);
    await turn();
    await turn();
    expect(servers.requests.semaphore).toBe(0);
    await waitUntil('the change goes out', () => servers.requests.semaphore > 0, { everyMs: 1 });
    servers.responses.write(answerFake(servers.requests.take()));
    expect(await change.promise).toBe(1);
    transport.stop(gone());
    expect(await catchingUp).toMatchObject({ code: 'CS_ERR_LIBRARY' });
  });

  it('lets corosync alone while there is room', async () => {
    const { transport, servers, arrive, behind } = open();
    servers.events.write(Buffer.alloc(24));
    const catchingUp = transport.eventsCaughtUp();
    arrive(1);
    await catchingUp;
    await turn();
    expect([transport.behind, behind, servers.requests.semaphore]).toEqual([false, [], 0]);
  });
});

describe('the end of a RingTransport', () => {
  interface Ending {
    readonly transport: RingTransport;
    readonly rings: readonly MemoryRing[];
    readonly told: string[];
    /** corosync closes the socket. */
    readonly lose: () => void;
  }
  const open = (): Ending => {
    const told: string[] = [];
    const rings = [new MemoryRing(WORDS), new MemoryRing(WORDS), new MemoryRing(WORDS)] as const;
    let lose: (error: ConnectionError) => void = () => undefined;
    const setup = {
      listen: (_onBytes: unknown, onClose: typeof lose) => (lose = onClose),
      sendRequestBytes: () => true,
      destroy: () => told.push('destroyed'),
      unref: () => told.push('unref'),
    };
    const transport = new RingTransport({
      setup: setup as unknown as SetupSocket,
      requests: new RequestRing(rings[0]),
      responses: new ResponseRing(rings[1]),
      events: new EventRing(rings[2]),
      maxMessageSize: 4711,
      removeLeftovers: (lost) => told.push(`removed, lost: ${lost}`),
    });
    transport.listen({
      onEvent: (event) => told.push(`event ${event.u8(0)}`),
      onDrained: () => told.push('drained'),
      onFailure: () => told.push('failure'),
      onBehind: () => told.push('behind'),
      onLost: () => {
        told.push('lost');
        transport.stop(gone());
      },
    });
    return { told, rings, transport, lose: () => lose(gone()) };
  };

  function call(transport: RingTransport): Promise<unknown> {
    const made = new PendingCall(new FakeRequest(1), { timeoutMs: Infinity });
    transport.submit(made as PendingCall);
    return made.promise.catch((error: unknown) => error);
  }

  it('closes all four channels, and fails what waits', async () => {
    const { transport, told, rings } = open();
    const waiting = call(transport);
    transport.stop(gone());
    expect(told).toEqual(['destroyed']);
    expect(rings.map(({ closed }) => closed)).toEqual([true, true, true]);
    expect(await waiting).toMatchObject({ code: 'CS_ERR_LIBRARY', sent: 'no' });
  });

  it('comes after the events that corosync had told, if it is corosync that ends', async () => {
    const { lose, transport, told, rings } = open();
    const [, , events] = rings;
    if (events === undefined) return expect.unreachable();
    const sent = [call(transport), call(transport)];
    await turn();
    const server = new LibqbRing(events);
    for (const number of [1, 2]) server.write(Buffer.alloc(24, number));
    lose();
    expect(told).toEqual(['event 1', 'event 2', 'drained', 'lost', 'destroyed']);
    // It had begun with none of them, or with the first at most; and begins with none any more.
    expect(await Promise.all(sent)).toMatchObject([{ sent: 'unknown' }, { sent: 'no' }]);
  });

  it('by us leaves corosync what it has: it may still begin with it', async () => {
    const { transport } = open();
    const sent = [call(transport), call(transport)];
    await turn();
    transport.stop(gone());
    expect(await Promise.all(sent)).toMatchObject([{ sent: 'unknown' }, { sent: 'unknown' }]);
  });

  it('comes when answers can no longer be understood', async () => {
    const { transport, told, rings } = open();
    const waiting = call(transport);
    await turn();
    rings[1]?.writeHeader(RING_HEADER.semaphore, 7);
    await waitUntil('it is noticed', () => told.includes('failure'), { everyMs: 1 });
    transport.stop(gone());
    expect(await waiting).toMatchObject({ name: 'ConnectionError' });
  });

  it('is told on to those who clean up', () => {
    const { transport, told } = open();
    for (const lost of [true, false]) transport.removeLeftovers(lost);
    expect(told).toEqual(['removed, lost: true', 'removed, lost: false']);
    transport.unref();
    expect(told.at(-1)).toBe('unref');
    expect([transport.kind, transport.maxMessageSize, transport.behind, transport.settled]).toEqual([
      'shared-memory',
      4711,
      false,
      true,
    ]);
  });
});
