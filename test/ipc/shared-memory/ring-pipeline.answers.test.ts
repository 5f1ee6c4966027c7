import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { MAX_BATCH, MAX_UNANSWERED } from '../../../src/ipc/calls/batch-limits.ts';
import { RING_HEADER } from '../../../src/codec/ring-layout.ts';
import { CS_ERROR_CODES, type CsError } from '../../../src/errors/index.ts';
import {
  answerFake,
  FakeRequest,
  FakeUnanswered,
  numberOf,
  responseHeader,
} from '../../helpers/fake/fake-request.ts';
import { gone } from '../../helpers/corosync/gone.ts';
import { answerWhenTold, MemoryConnection } from '../../helpers/memory/memory-connection.ts';
import { waitUntil } from '../../helpers/wait-until.ts';

// All connections share a turn of the event loop: none may have used it up before.
beforeEach(() => turn());

const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

describe('RequestPipeline: requests that are never answered', () => {
  it('go out in batches of many, and nothing else with them', async () => {
    const connection = new MemoryConnection({ requestWords: 262_144 });
    const count = MAX_UNANSWERED + 10;
    await Promise.all(numbers(count).map((number) => connection.submit(new FakeUnanswered(number))));
    expect(connection.server.writes).toEqual([MAX_UNANSWERED, 10]);
    expect(connection.server.requests.map(numberOf)).toEqual(numbers(count));
  });

  it('do not let more answers be outstanding than a batch may have', async () => {
    const connection = new MemoryConnection({ requestWords: 262_144 });
    const calls = numbers(300).flatMap((number) => [
      connection.submit(new FakeUnanswered(number)),
      connection.submit(new FakeRequest(number)),
    ]);
    await Promise.all(calls);
    // The second begins with the answer to the last request of the first.
    expect(connection.server.writes).toEqual([MAX_BATCH * 2 + 1, MAX_BATCH * 2, 87]);
  });

  it('take no room for an answer', async () => {
    // 1024 bytes less one word and the margin of 12: 1008. Two answers take 976.
    const connection = new MemoryConnection({ responseWords: 256 });
    const answered = [0, 1].map((number) =>
      connection.submit(new FakeRequest(number, { responseSize: 480 })),
    );
    await Promise.all([...answered, connection.submit(new FakeUnanswered(2))]);
    expect(connection.server.writes).toEqual([3]);
    expect(connection.server.dropped).toBe(0);
  });

  it('are taken when the ring has their place back, and not before', async () => {
    const connection = new MemoryConnection({ onBytes: answerWhenTold });
    let taken = 0;
    const calls = [1, 2].map((number) =>
      connection.submit(new FakeUnanswered(number)).then(() => (taken += 1)),
    );
    for (let handled = 0; handled < 2; handled += 1) {
      for (let turns = 0; turns < 3; turns += 1) await turn();
      expect(taken).toBe(0);
      connection.server.wakeUp(1);
    }
    await Promise.all(calls);
    expect(connection.server.requests.map(numberOf)).toEqual([1, 2]);
  });

  const halfTaken = async (timeoutMs: number): Promise<{ connection: MemoryConnection; ends: unknown[] }> => {
    const connection = new MemoryConnection({ onBytes: answerWhenTold });
    const ends: unknown[] = [];
    for (const number of numbers(3)) {
      connection.submit(new FakeUnanswered(number), { timeoutMs }).then(
        () => (ends[number] = 'taken'),
        (error: unknown) => (ends[number] = (error as CsError).sent),
      );
    }
    await waitUntil('they are sent', () => connection.server.writes.length === 1, { everyMs: 1 });
    connection.server.wakeUp(2);
    return { connection, ends };
  };

  it('are taken when corosync has handled them, though their deadline passes before it has all others', async () => {
    const { connection, ends } = await halfTaken(200); // by then they are handled, on any machine
    await waitUntil('each is over', () => Object.keys(ends).length === 3, { everyMs: 1 });
    expect(ends).toEqual(['taken', 'taken', 'unknown']);
    const next = connection.submit(new FakeRequest(4));
    connection.server.runDry();
    await waitUntil('the next batch is posted', () => connection.server.writes.length === 2, { everyMs: 1 });
    connection.server.runDry();
    expect(await next).toBe(4);
  });

  it('are taken when corosync has handled them, though it ends before it has all others', async () => {
    const { connection, ends } = await halfTaken(Infinity);
    connection.pipeline.stop(gone(), true);
    await turn();
    expect(ends).toEqual(['taken', 'taken', 'unknown']);
  });

  it('end the connection when they are answered: the next request would be given that answer', async () => {
    const answer = responseHeader(77, 24, CS_ERROR_CODES.CS_OK);
    const connection = new MemoryConnection({ answer: () => answer });
    await connection.submit(new FakeUnanswered(1));
    expect(connection.failures).toMatchObject([{ code: 'CS_ERR_SECURITY' }]);
  });

  it('are not taken if they could not be posted, whatever corosync has handled before', async () => {
    const connection = new MemoryConnection();
    await Promise.all([1, 2].map((number) => connection.submit(new FakeUnanswered(number))));
    connection.recorder.before = ({ what }) => {
      if (what === 'write_pt') throw new Error('the file system is gone');
    };
    const ends = await Promise.allSettled([connection.submit(new FakeUnanswered(3))]);
    expect(ends).toMatchObject([{ reason: { sent: 'unknown' } }]);
  });

  it('end the connection when the ring says that they were taken where there is no ring', async () => {
    const connection = new MemoryConnection({ onBytes: answerWhenTold });
    const ends = Promise.allSettled([connection.submit(new FakeUnanswered(1), { timeoutMs: 5000 })]);
    await waitUntil('it is sent', () => connection.server.writes.length === 1, { everyMs: 1 });
    const { request } = connection.rings;
    request.writeHeader(RING_HEADER.readPointer, request.wordSize);
    expect(await ends).toMatchObject([{ reason: { code: 'CS_ERR_SECURITY' } }]);
    expect(connection.failures).toMatchObject([{ code: 'CS_ERR_SECURITY' }]);
  });

  it('may fill the ring', async () => {
    // 512 bytes less one word and the margin of 12: 496; of them 8 for the chunk's header.
    const connection = new MemoryConnection({ requestWords: 128 });
    await connection.submit(new FakeUnanswered(1, 488));
    expect(connection.server.requests.map(({ length }) => length)).toEqual([488]);
    expect(connection.failures).toEqual([]);
  });
});

describe('RequestPipeline: answers now, later and never', () => {
  it('come to their calls in any mix, sizes and pace, and nothing is sent behind one that is answered later', async () => {
    const call = fc.record({
      kind: fc.constantFrom('now', 'later', 'never', 'never'),
      size: fc.integer({ min: 28, max: 220 }),
      responseSize: fc.integer({ min: 24, max: 220 }),
      pause: fc.boolean(),
    });
    const script = fc.record({
      requestWords: fc.integer({ min: 128, max: 300 }),
      responseWords: fc.integer({ min: 160, max: 300 }),
      startWord: fc.nat(127),
      calls: fc.array(call, { minLength: 1, maxLength: 60 }),
      pace: fc
        .array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 20 })
        .map((steps) => [...steps, 1]),
    });
    await fc.assert(
      fc.asyncProperty(script, async ({ calls, pace, ...rings }) => {
        let step = 0;
        const connection = new MemoryConnection({
          ...rings,
          onBytes: (server, count) => {
            expect(server.held).toEqual([]);
            return answerWhenTold(server, count);
          },
          onLook: (server) => {
            const atMost = pace[step++ % pace.length] ?? 0;
            if (atMost > 0) server.wakeUp(atMost);
            if (atMost % 2 === 1) server.answerHeld(answerFake);
          },
        });
        const results: Promise<unknown>[] = [];
        for (const [number, { kind, size, responseSize, pause }] of calls.entries()) {
          results.push(
            kind === 'never'
              ? connection.submit(new FakeUnanswered(number, size))
              : connection.submit(new FakeRequest(number, { size, responseSize, answer: kind })),
          );
          if (pause) await Promise.resolve();
        }
        const values = calls.map(({ kind }, number) => (kind === 'never' ? undefined : number));
        expect(await Promise.all(results)).toEqual(values);
        expect(connection.failures).toEqual([]);
        expect(connection.server).toMatchObject({ dropped: 0, unreadBytes: 0, waiting: 0 });
        expect(connection.server.requests.map(numberOf)).toEqual(numbers(calls.length));
      }),
      { numRuns: 500 },
    );
  });
});
