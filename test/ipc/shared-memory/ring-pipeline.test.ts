import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { getEventListeners } from 'node:events';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WAIT } from '../../../src/ipc/calls/wait-ladder.ts';
import { MAX_BATCH, MAX_LIST } from '../../../src/ipc/calls/batch-limits.ts';
import { RING_HEADER } from '../../../src/codec/ring-layout.ts';
import { gone } from '../../helpers/corosync/gone.ts';
import {
  FakeRequest,
  FakeUnanswered,
  answerFake,
  numberOf,
  responseHeader,
} from '../../helpers/fake/fake-request.ts';
import type { SendWindow } from '../../../src/codec/message.ts';
import { collectGarbage } from '../../helpers/memory/memory-garbage.ts';
import { answerWhenTold, MemoryConnection } from '../../helpers/memory/memory-connection.ts';
import { waitUntil } from '../../helpers/wait-until.ts';

/** How often to look. */
const SOON = { everyMs: 1 };

const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** How each promise ended, without waiting for those that have not. */
function watch(promises: readonly Promise<unknown>[]): string[] {
  const states = promises.map(() => 'waiting');
  for (const [i, promise] of promises.entries()) {
    promise.then(
      (value) => (states[i] = String(value)),
      (error: unknown) => (states[i] = codeOf(error)),
    );
  }
  return states;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : String(error);
}

const settled = (states: readonly string[]): boolean => !states.includes('waiting');

/** A post with its bytes: one or two writes of data (the ring may wrap), write pointer, semaphore, bytes. */
const POST = /^request data( request data)? request write_pt request semaphore socket bytes/;

// All connections share a turn of the event loop: none may have used it up before.
beforeEach(() => turn());

describe('RequestPipeline: batches', () => {
  it('sends the calls of one turn in one post with as many bytes', async () => {
    const connection = new MemoryConnection();
    const calls = numbers(10).map((number) => connection.submit(new FakeRequest(number)));
    expect(connection.recorder.writes).toEqual([]);
    expect(await Promise.all(calls)).toEqual(numbers(10));
    expect(connection.recorder.order.join(' ')).toMatch(new RegExp(`${POST.source}$`));
    expect(connection.server.writes).toEqual([10]);
    expect(connection.server.requests.map(numberOf)).toEqual(numbers(10));
  });

  it('sends calls from the microtasks of the same turn along, too', async () => {
    const connection = new MemoryConnection();
    const first = connection.submit(new FakeRequest(0));
    const second = Promise.resolve().then(() => connection.submit(new FakeRequest(1)));
    expect(await Promise.all([first, second])).toEqual([0, 1]);
    expect(connection.server.requests.map(numberOf)).toEqual([0, 1]);
  });

  it('holds calls back while a batch is outstanding, and sends them together afterwards', async () => {
    const connection = new MemoryConnection({ onBytes: answerWhenTold });
    const first = connection.submit(new FakeRequest(0));
    await turn();
    const others = [1, 2, 3].map((number) => connection.submit(new FakeRequest(number)));
    await turn();
    expect(connection.server.writes).toEqual([1]);
    connection.server.runDry();
    expect(await first).toBe(0);
    await waitUntil('the next batch is posted', () => connection.server.writes.length === 2, SOON);
    expect(connection.server.writes).toEqual([1, 3]);
    connection.server.runDry();
    expect(await Promise.all(others)).toEqual([1, 2, 3]);
  });

  it('ends a batch with a request that corosync reads again, so that its follow-up begins the next one', async () => {
    const connection = new MemoryConnection();
    const followUps: Promise<number>[] = [];
    const begin = (number: number): Promise<number> =>
      connection.submit(Object.assign(new FakeRequest(number), { readUntilFollowUp: true }), {
        onAnswer: () => {
          for (const follower of [number + 1, number + 2])
            followUps.push(connection.submit(new FakeRequest(follower), { urgent: 'first' }));
        },
      });
    await Promise.all([begin(10), begin(20), connection.submit(new FakeRequest(30)), begin(40)]);
    await Promise.all(followUps);
    expect(connection.server.requests.map(numberOf)).toEqual([10, 11, 12, 20, 21, 22, 30, 40, 41, 42]);
    expect(connection.server.writes).toEqual([1, 3, 4, 2]);
  });

  it('settles each call as its answer comes, in order', async () => {
    const connection = new MemoryConnection({ onBytes: answerWhenTold });
    const states = watch(numbers(4).map((number) => connection.submit(new FakeRequest(number))));
    await turn();
    connection.server.wakeUp(1);
    await waitUntil('the first is settled', () => states[0] !== 'waiting', SOON);
    expect(states).toEqual(['0', 'waiting', 'waiting', 'waiting']);
    connection.server.wakeUp(2);
    await waitUntil('the third is settled', () => states[2] !== 'waiting', SOON);
    expect(states).toEqual(['0', '1', '2', 'waiting']);
    connection.server.runDry();
    await waitUntil('all are settled', () => settled(states), SOON);
    expect(states).toEqual(['0', '1', '2', '3']);
  });

  it(`sends at most ${MAX_BATCH} at once`, async () => {
    const connection = new MemoryConnection();
    const count = MAX_BATCH * 2 + 5;
    const calls = numbers(count).map((number) => connection.submit(new FakeRequest(number)));
    expect(await Promise.all(calls)).toEqual(numbers(count));
    expect(connection.server.writes).toEqual([MAX_BATCH, MAX_BATCH, 5]);
  });

  it('sends all of a list at once that fits the rings, and other requests behind it in the next batch', async () => {
    const connection = new MemoryConnection();
    const ofList = (number: number): FakeRequest => new FakeRequest(number, { turn: 'list' });
    const most = connection.pipeline.mostTogether(ofList(0));
    expect(most).toBeGreaterThan(MAX_BATCH * 2);
    expect(most).toBeLessThanOrEqual(MAX_LIST);
    for (let round = 0; round < 3; round++) {
      // What is left of the response ring by answers that were read does not matter.
      await Promise.all(numbers(100).map((number) => connection.submit(new FakeRequest(number))));
      connection.server.writes.length = 0;
      const list = numbers(most).map((number) => connection.submit(ofList(number)));
      const others = numbers(2).map((number) => connection.submit(new FakeRequest(number)));
      expect(await Promise.all(list)).toEqual(numbers(most));
      await Promise.all(others);
      expect(connection.server.writes).toEqual([most, 2]);
    }
  });

  it('sends a list that fits no batch in as few as possible', async () => {
    const connection = new MemoryConnection();
    const ofList = (number: number): FakeRequest =>
      new FakeRequest(number, { turn: 'list', maxResponseSize: 304 });
    const most = connection.pipeline.mostTogether(ofList(0));
    const list = numbers(most * 2 + 1).map((number) => connection.submit(ofList(number)));
    expect(await Promise.all(list)).toHaveLength(most * 2 + 1);
    expect(connection.server.writes).toEqual([most, most, 1]);
  });

  it('lets the event loop turn while a batch whose answers keep coming takes long', async () => {
    const connection = new MemoryConnection({
      onBytes: answerWhenTold,
      onLook: (server) => {
        const until = performance.now() + WAIT.turnMs / 4;
        while (performance.now() < until);
        server.wakeUp(1);
      },
    });
    const calls = Promise.all(numbers(40).map((number) => connection.submit(new FakeRequest(number))));
    const states = watch([calls]);
    let turns = 0;
    for (; !settled(states); turns++) await turn();
    expect(await calls).toEqual(numbers(40));
    expect(turns).toBeGreaterThan(40 / WAIT.turnMs / 2);
  });

  it('splits a batch that is larger than the request ring', async () => {
    const connection = new MemoryConnection({ requestWords: 512 });
    // Half of 2048 bytes holds three chunks of 308 less the margin.
    const calls = numbers(7).map((number) => connection.submit(new FakeRequest(number, { size: 300 })));
    expect(await Promise.all(calls)).toEqual(numbers(7));
    expect(connection.server.writes).toEqual([3, 3, 1]);
  });

  it('splits a batch whose answers would be larger than the response ring, so that none is lost', async () => {
    const connection = new MemoryConnection({ responseWords: 256 });
    const calls = numbers(7).map((number) =>
      connection.submit(new FakeRequest(number, { responseSize: 300 })),
    );
    expect(await Promise.all(calls)).toEqual(numbers(7));
    expect(connection.server.dropped).toBe(0);
    expect(Math.max(...connection.server.writes)).toBe(3);
  });

  it('reckons with the largest answer that a request can have, not with the one it gets', async () => {
    const connection = new MemoryConnection({ responseWords: 256 });
    const request = (number: number): FakeRequest =>
      new FakeRequest(number, { responseSize: 24, maxResponseSize: 300 });
    await Promise.all(numbers(7).map((number) => connection.submit(request(number))));
    expect(Math.max(...connection.server.writes)).toBe(3);
  });

  it.each([
    ['a request that does not fit its ring', { requestWords: 64 }, { size: 233 }, 'has 233 bytes', 232],
    ['an answer', { responseWords: 64 }, { responseSize: 240 }, 'may have 240 bytes', 232],
    ['more than corosync takes', { maxMessageSize: 100 }, { size: 101 }, 'has 101 bytes', 100],
  ])('refuses %s, for that call alone', async (_what, rings, sizes, what, most) => {
    const connection = new MemoryConnection(rings);
    const others = [0, 2].map((number) => connection.submit(new FakeRequest(number)));
    await expect(connection.submit(new FakeRequest(1, sizes))).rejects.toMatchObject({
      name: 'CsError',
      code: 'CS_ERR_TOO_BIG',
      key: 'request 1',
      sent: 'no',
      detail: expect.stringMatching(new RegExp(`${what}, .* at most ${most}`)) as unknown,
    });
    expect(await Promise.all(others)).toEqual([0, 2]);
    expect(connection.server.requests.map(numberOf)).toEqual([0, 2]);
  });

  it('refuses a request that the ring has no room for', async () => {
    const connection = new MemoryConnection({ requestWords: 128 });
    await expect(connection.submit(new FakeUnanswered(1, 489))).rejects.toMatchObject({
      code: 'CS_ERR_TOO_BIG',
      operation: 'fake_send',
    });
    await connection.submit(new FakeUnanswered(2, 488));
  });

  it('does not turn while it waits for requests that are never answered to be taken: their events tell', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const connection = new MemoryConnection({ onBytes: answerWhenTold });
      const sent = connection.submit(new FakeUnanswered(1));
      const states = watch([sent]);
      for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      connection.server.runDry();
      for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      expect(states).toEqual(['waiting']);
      connection.pipeline.eventsCame();
      await sent;
    } finally {
      vi.useRealTimers();
    }
  });

  it('takes back what it has read if an answer needs more than the room that is left', async () => {
    // 1008 bytes of room, of which 408 are read but not yet taken back when the large answer is asked for.
    const connection = new MemoryConnection({ responseWords: 256 });
    expect(await connection.submit(new FakeRequest(1, { responseSize: 400 }))).toBe(1);
    expect(await connection.submit(new FakeRequest(2, { responseSize: 900 }))).toBe(2);
    expect(connection.failures).toEqual([]);
  });

  it('never loses an answer, never hangs and never breaks the rules, whatever the sizes and the pace', async () => {
    const call = fc.record({
      size: fc.integer({ min: 28, max: 220 }),
      responseSize: fc.integer({ min: 24, max: 220 }),
      slack: fc.nat(40),
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
          onBytes: answerWhenTold,
          onLook: (server) => {
            const atMost = pace[step++ % pace.length] ?? 0;
            if (atMost > 0) server.wakeUp(atMost);
          },
        });
        const results: Promise<number>[] = [];
        for (const [number, { size, responseSize, slack, pause }] of calls.entries()) {
          const maxResponseSize = responseSize + slack;
          results.push(connection.submit(new FakeRequest(number, { size, responseSize, maxResponseSize })));
          if (pause) await Promise.resolve();
        }
        expect(await Promise.all(results)).toEqual(numbers(calls.length));
        expect(connection.failures).toEqual([]);
        expect(connection.server).toMatchObject({ dropped: 0, unreadBytes: 0, waiting: 0 });
        const { order } = connection.recorder;
        const resets = order.filter((what) => what.startsWith('response')).join(' ');
        expect(resets).toMatch(/^(response semaphore response read_pt ?)*$/);
        const posts = order.filter((what) => !what.startsWith('response')).join(' ');
        expect(posts).toMatch(new RegExp(`^(${POST.source.slice(1)} ?)+$`));
      }),
      { numRuns: 500 },
    );
  });
});

describe('RequestPipeline: answers', () => {
  it('that are an error fail their call only', async () => {
    const connection = new MemoryConnection();
    const states = watch([
      connection.submit(new FakeRequest(0)),
      connection.submit(new FakeRequest(1, { responseSize: 24, error: 12 })),
      connection.submit(new FakeRequest(2)),
    ]);
    await waitUntil('all are settled', () => settled(states), SOON);
    expect(states).toEqual(['0', 'CS_ERR_NOT_EXIST', '2']);
    expect(connection.failures).toEqual([]);
  });

  it('that are an error name operation, key and what the number means', async () => {
    const connection = new MemoryConnection();
    await expect(connection.submit(new FakeRequest(7, { error: 11 }))).rejects.toMatchObject({
      name: 'CsError',
      code: 'CS_ERR_ACCESS',
      csError: 11,
      operation: 'fake',
      key: 'request 7',
    });
    await expect(connection.submit(new FakeRequest(7, { error: 29 }))).rejects.toMatchObject({
      code: 'CS_ERR_LIBRARY',
    });
  });

  it.each([
    [6, 'CS_ERR_TRY_AGAIN'],
    [7, 'CS_ERR_INVALID_PARAM'],
  ])('of 24 bytes with id 0 and error %d are %s of the call in their place', async (error, code) => {
    const connection = new MemoryConnection({
      answer: (request) => (numberOf(request) === 1 ? responseHeader(0, 24, error) : answerFake(request)),
    });
    const states = watch(numbers(3).map((number) => connection.submit(new FakeRequest(number))));
    await waitUntil('all are settled', () => settled(states), SOON);
    expect(states).toEqual(['0', code, '2']);
    expect(connection.failures).toEqual([]);
  });

  it('whose error the request wants to see are decoded', async () => {
    class Curious extends FakeRequest {
      readonly expectedErrors = [27];
      override decode(): number {
        return -1;
      }
    }
    const connection = new MemoryConnection();
    expect(await connection.submit(new Curious(0, { error: 27 }))).toBe(-1);
    await expect(connection.submit(new Curious(0, { error: 9 }))).rejects.toMatchObject({
      code: 'CS_ERR_BAD_HANDLE',
    });
  });
});

describe('RequestPipeline: answers that break the protocol', () => {
  const broken: readonly (readonly [string, (request: Buffer) => Buffer])[] = [
    ['of another id', () => responseHeader(78, 32, 1)],
    ['of id 0 without an error', () => responseHeader(0, 24, 1)],
    [
      'that state another size than they have',
      () => Buffer.concat([responseHeader(77, 24, 1), Buffer.alloc(8)]),
    ],
    ['that are cut short', () => responseHeader(77, 28, 1)],
    ['that are larger than they can be', () => responseHeader(77, 600, 1)],
  ];

  it.each(broken)('%s end the connection, and every call is settled', async (_what, answer) => {
    const connection = new MemoryConnection({ answer });
    const states = watch(numbers(3).map((number) => connection.submit(new FakeRequest(number))));
    await sleep(20);
    expect(connection.failures).toEqual([expect.objectContaining({ code: 'CS_ERR_SECURITY' })]);
    expect(states).toEqual(['CS_ERR_SECURITY', 'CS_ERR_SECURITY', 'CS_ERR_SECURITY']);
  });

  it('as an empty success of id 0 to a request that would be content with it end the connection, too', async () => {
    const connection = new MemoryConnection({ answer: () => responseHeader(0, 24, 1) });
    const states = watch([connection.submit(new FakeRequest(0, { responseSize: 24 }))]);
    await waitUntil('the failure is noticed', () => connection.failures.length > 0, SOON);
    await sleep(1);
    expect(states).toEqual(['CS_ERR_SECURITY']);
  });

  it('do not hand an earlier answer to a later call', async () => {
    // The second of two answers that come together is broken, while two more are still to come.
    const connection = new MemoryConnection({
      onBytes: answerWhenTold,
      answer: (request) => (numberOf(request) === 1 ? responseHeader(78, 32, 1) : responseHeader(77, 32, 1)),
    });
    class Trusting extends FakeRequest {
      override decode(): number {
        return this.number;
      }
    }
    const delivered: number[] = [];
    class Telling extends Trusting {
      override decode(): number {
        delivered.push(this.number);
        return super.decode();
      }
    }
    const states = watch(numbers(4).map((number) => connection.submit(new Telling(number))));
    await turn();
    connection.server.wakeUp(2);
    await waitUntil('the failure is noticed', () => connection.failures.length > 0, SOON);
    await sleep(20);
    expect(delivered).toEqual([0]);
    expect(states).toEqual(['0', 'CS_ERR_SECURITY', 'CS_ERR_SECURITY', 'CS_ERR_SECURITY']);
  });

  it('as too many do end the connection', async () => {
    const connection = new MemoryConnection({ onBytes: answerWhenTold });
    const states = watch([connection.submit(new FakeRequest(0))]);
    await turn();
    connection.server.runDry();
    connection.server.response.write(responseHeader(77, 32, 1));
    await waitUntil('the failure is noticed', () => connection.failures.length > 0, SOON);
    await waitUntil('the call is settled', () => settled(states), SOON);
    expect(states).toEqual(['CS_ERR_SECURITY']);
  });
});

describe('RequestPipeline: an answer that was lost', () => {
  let now: number;
  beforeEach(() => {
    now = performance.now();
    // It goes on with each look, or whoever looks for a while would do so for ever; but it does not count what this machine takes.
    vi.spyOn(performance, 'now').mockImplementation(() => (now += 0.01));
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  /** The server handles two requests at once, and answers the first of them. */
  const losing = (answer: 'later' | 'now' = 'now'): MemoryConnection =>
    new MemoryConnection({
      answer: (request) => (numberOf(request) === 1 || answer === 'later' ? 'never' : answerFake(request)),
    });

  it('ends the connection a second after the last progress, once corosync has handled every request', async () => {
    const connection = losing();
    const states = watch(numbers(2).map((number) => connection.submit(new FakeRequest(number))));
    await sleep(40);
    now += WAIT.lostMs - 100;
    await sleep(40);
    expect([connection.failures, states]).toEqual([[], ['0', 'waiting']]);
    now += 200;
    await waitUntil('the failure is noticed', () => connection.failures.length > 0, SOON);
    expect(connection.failures).toEqual([
      expect.objectContaining({
        name: 'ConnectionError',
        code: 'CS_ERR_LIBRARY',
        operation: 'connection',
        detail: expect.stringMatching(/handled every request, but of its answers 1 did not come/) as string,
      }),
    ]);
  });

  it('is none while corosync has still to handle the request, however long it stands still', async () => {
    const connection = new MemoryConnection({ onBytes: answerWhenTold });
    const call = connection.submit(new FakeRequest(1));
    await sleep(10);
    now += 10 * WAIT.lostMs;
    await sleep(40);
    expect(connection.failures).toEqual([]);
    connection.server.runDry();
    expect(await call).toBe(1);
  });

  it('is none of a request that is answered later', async () => {
    const connection = losing('later');
    const states = watch([connection.submit(new FakeRequest(0, { answer: 'later' }))]);
    await sleep(10);
    now += 10 * WAIT.lostMs;
    await sleep(40);
    expect([connection.failures, states]).toEqual([[], ['waiting']]);
    connection.pipeline.stop(gone());
  });
});

describe('RequestPipeline: calls that are given up', () => {
  it('before they are sent are never sent', async () => {
    const connection = new MemoryConnection({ onBytes: answerWhenTold });
    const abort = new AbortController();
    const first = connection.submit(new FakeRequest(0));
    await turn();
    const [second, third, fourth] = [1, 2, 3].map((number) =>
      connection.submit(new FakeRequest(number), number === 2 ? { signal: abort.signal } : {}),
    );
    const reason = new Error('not any more');
    abort.abort(reason);
    await expect(third).rejects.toBe(reason);
    connection.server.runDry();
    await first;
    await waitUntil('the next batch is posted', () => connection.server.writes.length === 2, SOON);
    connection.server.runDry();
    expect(await Promise.all([second, fourth])).toEqual([1, 3]);
    expect(connection.server.requests.map(numberOf)).toEqual([0, 1, 3]);
    expect(getEventListeners(abort.signal, 'abort')).toEqual([]);
  });

  it('in the turn in which they are made are not sent, either', async () => {
    const connection = new MemoryConnection();
    const abort = new AbortController();
    const call = connection.submit(new FakeRequest(0), { signal: abort.signal });
    abort.abort();
    await expect(call).rejects.toMatchObject({ name: 'AbortError' });
    await turn();
    expect(connection.server.writes).toEqual([]);
  });

  it('while they are outstanding reject at once; the late answer is consumed and handed to whom it may concern', async () => {
    const connection = new MemoryConnection({ onBytes: answerWhenTold });
    const abort = new AbortController();
    const late: number[] = [];
    const given = connection.submit(new FakeRequest(1), {
      signal: abort.signal,
      onAbandonedAnswer: (value) => late.push(value),
    });
    const kept = connection.submit(new FakeRequest(2));
    await turn();
    const reason = new Error('not any more');
    abort.abort(reason);
    await expect(given).rejects.toBe(reason);
    expect(getEventListeners(abort.signal, 'abort')).toEqual([]);
    expect(late).toEqual([]);
    connection.server.runDry();
    expect(await kept).toBe(2);
    expect(late).toEqual([1]);
    const next = connection.submit(new FakeRequest(3));
    await waitUntil('the next batch is posted', () => connection.server.writes.length === 2, SOON);
    connection.server.runDry();
    expect(await next).toBe(3);
  });

  it('hear nothing of a late error', async () => {
    const connection = new MemoryConnection({ onBytes: answerWhenTold });
    const late = vi.fn();
    const abort = new AbortController();
    const call = connection.submit(new FakeRequest(1, { error: 12 }), {
      signal: abort.signal,
      onAbandonedAnswer: late,
    });
    const other = connection.submit(new FakeRequest(2));
    await turn();
    abort.abort();
    await expect(call).rejects.toMatchObject({ name: 'AbortError' });
    connection.server.runDry();
    await other;
    expect(late).not.toHaveBeenCalled();
  });

  it('after their answer leave no listener behind, and an abort then changes nothing', async () => {
    const connection = new MemoryConnection();
    const abort = new AbortController();
    const late = vi.fn();
    const call = connection.submit(new FakeRequest(1), { signal: abort.signal, onAbandonedAnswer: late });
    expect(await call).toBe(1);
    expect(getEventListeners(abort.signal, 'abort')).toEqual([]);
    abort.abort();
    await turn();
    expect(late).not.toHaveBeenCalled();
  });

  it('by their deadline say whether the request may still take effect', async () => {
    const connection = new MemoryConnection({ onBytes: answerWhenTold });
    const late: number[] = [];
    const sent = connection.submit(new FakeRequest(1, { changes: true }), {
      timeoutMs: 100, // by then it is sent, on any machine
      onAbandonedAnswer: (value) => late.push(value),
    });
    const sentFails = expect(sent).rejects.toMatchObject({
      code: 'CS_ERR_TIMEOUT',
      operation: 'fake',
      key: 'request 1',
      message: expect.stringMatching(/within 100 ms.*was sent, and may still take effect/) as unknown,
    });
    await turn();
    const queued = connection.submit(new FakeRequest(2), { timeoutMs: 5 });
    const queuedFails = expect(queued).rejects.toMatchObject({
      code: 'CS_ERR_TIMEOUT',
      message: expect.stringMatching(/was not sent/) as unknown,
    });
    await Promise.all([sentFails, queuedFails]);
    connection.server.runDry();
    const next = connection.submit(new FakeRequest(3));
    await waitUntil('the next batch is posted', () => connection.server.writes.length === 2, SOON);
    connection.server.runDry();
    expect(await next).toBe(3);
    expect(late).toEqual([1]);
    expect(connection.server.requests.map(numberOf)).toEqual([1, 3]);
  });

  it('by their deadline leave calls with later deadlines alone', async () => {
    const connection = new MemoryConnection({ onBytes: answerWhenTold });
    const states = watch([
      connection.submit(new FakeRequest(0), { timeoutMs: 60_000 }),
      connection.submit(new FakeRequest(1), { timeoutMs: 5 }),
      connection.submit(new FakeRequest(2)),
      connection.submit(new FakeRequest(3), { timeoutMs: 15 }),
    ]);
    await waitUntil(
      'two are settled',
      () => states.filter((state) => state !== 'waiting').length === 2,
      SOON,
    );
    expect(states).toEqual(['waiting', 'CS_ERR_TIMEOUT', 'waiting', 'CS_ERR_TIMEOUT']);
    connection.server.runDry();
    await waitUntil('all are settled', () => settled(states), SOON);
    expect(states).toEqual(['0', 'CS_ERR_TIMEOUT', '2', 'CS_ERR_TIMEOUT']);
  });
});

describe('RequestPipeline: flow control', () => {
  it.each([1, 2, -1])('of %d holds requests back until it is 0', async (value) => {
    const connection = new MemoryConnection();
    connection.setFlowControl(value);
    const states = watch([connection.submit(new FakeRequest(0)), connection.submit(new FakeRequest(1))]);
    await sleep(10);
    expect(connection.recorder.writes).toEqual([]);
    connection.setFlowControl(0);
    await waitUntil('all are settled', () => settled(states), SOON);
    expect(states).toEqual(['0', '1']);
    expect(connection.server.writes).toEqual([2]);
  });

  it('is looked at no more than each millisecond while it holds', async () => {
    const connection = new MemoryConnection();
    connection.setFlowControl(2);
    const looks = vi.spyOn(connection.rings.request, 'readHeader');
    const states = watch([connection.submit(new FakeRequest(0))]);
    await sleep(20);
    expect(looks.mock.calls.length).toBeLessThan(100);
    connection.setFlowControl(0);
    await waitUntil('it is settled', () => settled(states), SOON);
  });

  it('does not outlast a deadline', async () => {
    const connection = new MemoryConnection();
    connection.setFlowControl(2);
    await expect(connection.submit(new FakeRequest(0), { timeoutMs: 5 })).rejects.toMatchObject({
      code: 'CS_ERR_TIMEOUT',
      message: expect.stringMatching(/was not sent/) as unknown,
    });
    connection.setFlowControl(0);
    expect(await connection.submit(new FakeRequest(1))).toBe(1);
    expect(connection.server.requests.map(numberOf)).toEqual([1]);
  });

  it('is looked at again after a pause, however short', async () => {
    const connection = new MemoryConnection();
    await connection.submit(new FakeRequest(0));
    connection.setFlowControl(2);
    const until = performance.now() + 0.3;
    while (performance.now() < until);
    const states = watch([connection.submit(new FakeRequest(1))]);
    await sleep(5);
    expect(connection.server.writes).toEqual([1]);
    connection.setFlowControl(0);
    await waitUntil('it is settled', () => settled(states), SOON);
  });

  it('holds back, too, what comes a moment after a call that it holds back', async () => {
    const connection = new MemoryConnection();
    let now = performance.now();
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now);
    await connection.submit(new FakeRequest(0));
    connection.setFlowControl(2);
    now += 2 * WAIT.pauseMs;
    const states = watch([connection.submit(new FakeRequest(1))]);
    await turn();
    const later = watch([connection.submit(new FakeRequest(2))]);
    await turn();
    expect(connection.server.writes).toEqual([1]);
    clock.mockRestore();
    connection.setFlowControl(0);
    await waitUntil('both are settled', () => settled(states) && settled(later), SOON);
  });

  it('is looked at before each post, once there are requests that are never answered', async () => {
    const connection = new MemoryConnection();
    // In a row, so that every post follows an answer at once.
    const looks = vi.spyOn(connection.rings.request, 'readHeader');
    for (const number of numbers(10)) {
      await connection.submit(new FakeUnanswered(number));
      await connection.submit(new FakeRequest(number));
    }
    const flowControl = looks.mock.calls.filter(([offset]) => offset === RING_HEADER.flowControl);
    expect(flowControl).toHaveLength(20);
  });

  it('is looked at before each batch, unless that was a moment ago', async () => {
    const connection = new MemoryConnection({ onBytes: answerWhenTold });
    const first = connection.submit(new FakeRequest(0));
    await sleep(5);
    const second = connection.submit(new FakeRequest(1));
    connection.setFlowControl(2);
    connection.server.runDry();
    await first;
    await sleep(5);
    expect(connection.server.writes).toEqual([1]);
    connection.setFlowControl(0);
    await waitUntil('the next batch is posted', () => connection.server.writes.length === 2, SOON);
    connection.server.runDry();
    expect(await second).toBe(1);
  });
});

describe('RequestPipeline: the end', () => {
  it('hands out complete answers and rejects the rest', async () => {
    const connection = new MemoryConnection({ onBytes: answerWhenTold });
    const states = watch(numbers(3).map((number) => connection.submit(new FakeRequest(number))));
    await turn();
    const queued = watch([connection.submit(new FakeRequest(3))]);
    connection.server.wakeUp(2);
    connection.pipeline.stop(gone());
    await turn();
    expect([...states, ...queued]).toEqual(['0', '1', 'CS_ERR_LIBRARY', 'CS_ERR_LIBRARY']);
    expect(connection.server.writes).toEqual([3]);
  });

  it('rejects what was never sent', async () => {
    const connection = new MemoryConnection();
    const states = watch([connection.submit(new FakeRequest(0))]);
    connection.pipeline.stop(gone());
    await turn();
    expect(states).toEqual(['CS_ERR_LIBRARY']);
    expect(connection.server.writes).toEqual([]);
  });

  it('with broken rings rejects all the same', async () => {
    const connection = new MemoryConnection({ onBytes: answerWhenTold });
    const states = watch([connection.submit(new FakeRequest(0))]);
    await turn();
    connection.rings.response.close();
    connection.pipeline.stop(gone());
    await turn();
    expect(states).toEqual(['CS_ERR_LIBRARY']);
  });

  it('leaves signals alone', async () => {
    const connection = new MemoryConnection({ onBytes: answerWhenTold });
    const { signal } = new AbortController();
    const states = watch(numbers(3).map((number) => connection.submit(new FakeRequest(number), { signal })));
    await turn();
    connection.pipeline.stop(gone());
    await turn();
    expect(settled(states)).toBe(true);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('is waited for by whenSettled, which does not mind failures', async () => {
    const connection = new MemoryConnection({ onBytes: answerWhenTold });
    const states = watch([
      connection.submit(new FakeRequest(0)),
      connection.submit(new FakeRequest(1, { error: 12 })),
    ]);
    let done = false;
    const settling = connection.pipeline.whenSettled().then(() => (done = true));
    await turn();
    expect(done).toBe(false);
    connection.server.runDry();
    await settling;
    expect(states).toEqual(['0', 'CS_ERR_NOT_EXIST']);
  });
});

describe('RequestPipeline: the event loop', () => {
  it('turns while a long loop awaits one call after the other', async () => {
    const connection = new MemoryConnection();
    let [turns, running] = [0, true];
    const count = (): void => {
      turns += 1;
      if (running) setImmediate(count);
    };
    setImmediate(count);
    let number = 0;
    while (turns < 3 && number < 200_000) await connection.submit(new FakeRequest(number++));
    running = false;
    expect(turns).toBeGreaterThanOrEqual(3);
  });

  it('is left to turn if the kernel does not have the bytes yet: no answer can come in this turn', async () => {
    let looks = 0;
    let looksInThisTurn: number | undefined = undefined;
    const connection: MemoryConnection = new MemoryConnection({
      onBytes: (server, count) => {
        const read = connection.rings.response.readHeader.bind(connection.rings.response);
        connection.rings.response.readHeader = (offset) => {
          looks += 1;
          return read(offset);
        };
        queueMicrotask(() => (looksInThisTurn = looks));
        setImmediate(() => {
          server.receiveBytes(count);
          server.runDry();
        });
        return false;
      },
    });
    expect(await connection.submit(new FakeRequest(5))).toBe(5);
    expect(looksInThisTurn).toBe(0);
    expect(looks).toBeGreaterThan(0);
    expect(connection.server.writes).toEqual([1]);
  });

  it('of a server that sleeps gets its answers when it wakes', async () => {
    const connection = new MemoryConnection({ onBytes: answerWhenTold });
    const call = connection.submit(new FakeRequest(5));
    await sleep(40);
    connection.server.runDry();
    expect(await call).toBe(5);
  });
});

describe('RequestPipeline: nothing outstanding', () => {
  afterEach(() => {
    vi.useRealTimers();
  });
  const useFakeTimers = (): void => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate'] });
  };

  it('leaves no timer and no immediate behind', async () => {
    useFakeTimers();
    const connection = new MemoryConnection();
    const call = connection.submit(new FakeRequest(0), { timeoutMs: 1000 });
    expect(await call).toBe(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('leaves none behind after a long wait with deadlines', async () => {
    useFakeTimers();
    const connection = new MemoryConnection({ onBytes: answerWhenTold });
    const call = connection.submit(new FakeRequest(0), { timeoutMs: 1_000_000 });
    await vi.advanceTimersByTimeAsync(100);
    expect(vi.getTimerCount()).toBeGreaterThan(0);
    connection.server.runDry();
    await vi.advanceTimersByTimeAsync(100);
    expect(await call).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('keeps the process alive while an answer is waited for, until it is told not to', async () => {
    const timers = vi.spyOn(globalThis, 'setTimeout');
    const keepsAlive = (): boolean | undefined => {
      const last: unknown = timers.mock.results.at(-1)?.value;
      return (last as NodeJS.Timeout | undefined)?.hasRef();
    };
    const connection = new MemoryConnection({ onBytes: answerWhenTold });
    const call = connection.submit(new FakeRequest(0));
    await sleep(2 * WAIT.immediateMs + 20);
    expect(keepsAlive()).toBe(true);
    connection.pipeline.unref();
    expect(keepsAlive()).toBe(false);
    await sleep(20);
    expect(keepsAlive()).toBe(false);
    timers.mockRestore();
    connection.server.runDry();
    expect(await call).toBe(0);
  });

  it('leaves none behind after stop', async () => {
    useFakeTimers();
    const connection = new MemoryConnection({ onBytes: answerWhenTold });
    const states = watch([connection.submit(new FakeRequest(0), { timeoutMs: 1000 })]);
    await vi.advanceTimersByTimeAsync(10);
    connection.pipeline.stop(gone());
    await Promise.resolve();
    expect(vi.getTimerCount()).toBe(0);
    expect(settled(states)).toBe(true);
  });

  it('leaves none behind when flow control has ended before it was looked at again', async () => {
    useFakeTimers();
    const connection = new MemoryConnection();
    connection.setFlowControl(2);
    const first = connection.submit(new FakeRequest(0));
    await vi.advanceTimersByTimeAsync(200);
    connection.setFlowControl(0);
    const second = connection.submit(new FakeRequest(1));
    expect(await Promise.all([first, second])).toEqual([0, 1]);
    await vi.advanceTimersByTimeAsync(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('keeps no call in memory while others keep coming', async () => {
    const connection = new MemoryConnection({ onBytes: answerWhenTold });
    const refs: WeakRef<FakeRequest>[] = [];
    let running = true;
    const keepGoing = (): void => {
      const request = new FakeRequest(refs.length);
      refs.push(new WeakRef(request));
      void connection.submit(request).then(() => running && keepGoing());
    };
    // More in flight than a batch holds, so that the queue is never empty.
    for (let i = 0; i < MAX_BATCH + 50; i++) keepGoing();
    for (let round = 0; refs.length < 5000; round++) {
      await turn();
      connection.server.runDry();
      connection.server.requests.length = 0;
    }
    await collectGarbage();
    const alive = refs.filter((ref) => ref.deref() !== undefined).length;
    running = false;
    expect(alive).toBeLessThan(2500);
  });
});

describe('A window', () => {
  /** Lets `free` requests pass. */
  const windowOf = (
    free: number,
  ): { window: SendWindow; taken: () => number; open: (more: number) => void } => {
    let [left, taken] = [free, 0];
    const window: SendWindow = {
      hindrance: 'the window is shut',
      admits: () => left > 0,
      took: () => {
        left -= 1;
        taken += 1;
      },
    };
    return { window, taken: () => taken, open: (more) => void (left += more) };
  };

  it('holds requests back in their order, and what is urgent passes them', async () => {
    const connection = new MemoryConnection();
    const { window, taken, open } = windowOf(2);
    const states = watch([
      ...numbers(4).map((number) => connection.submit(new FakeUnanswered(number, 32, { window }))),
      connection.submit(new FakeRequest(4)),
    ]);
    await turn();
    expect(states).toEqual(['undefined', 'undefined', 'waiting', 'waiting', 'waiting']);
    expect(await connection.submit(new FakeRequest(5), { urgent: true })).toBe(5);
    await turn(); // nothing is under way any more
    open(2);
    connection.pipeline.resume();
    await waitUntil('all are settled', () => settled(states), SOON);
    expect(taken()).toBe(4);
  });

  it('is named by the error of a call whose time is up, which was not sent', async () => {
    const connection = new MemoryConnection();
    const { window, taken } = windowOf(0);
    const call = connection.submit(new FakeUnanswered(1, 32, { window }), { timeoutMs: 5 });
    await expect(call).rejects.toMatchObject({
      code: 'CS_ERR_TIMEOUT',
      sent: 'no',
      detail: expect.stringMatching(/not sent: the window is shut$/) as string,
    });
    expect(taken()).toBe(0);
    connection.pipeline.resume();
    await turn();
    expect(connection.server.writes).toEqual([]);
  });
});
