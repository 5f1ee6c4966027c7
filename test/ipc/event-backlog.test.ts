import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RequestMessage } from '../../src/codec/message.ts';
import type { PendingCall, Urgency } from '../../src/ipc/calls/pending-call.ts';
import { EventBacklog, type EventChannel } from '../../src/ipc/event-backlog.ts';
import { gone } from '../helpers/corosync/gone.ts';

const CAPACITY = 10;
const wake = (): RequestMessage<unknown> =>
  ({ operation: 'wake' }) as Partial<RequestMessage<unknown>> as RequestMessage<unknown>;

/** corosync with one connection: what its channel has no room for waits, until its main loop turns. */
class Server implements EventChannel {
  readonly room = CAPACITY;
  readonly calls: PendingCall[] = [];
  readonly urgencies: Urgency[] = [];
  readonly backlog: EventBacklog;
  readonly failures: unknown[] = [];
  /** Whether there was a backlog, as it was told each time that it changed. */
  readonly turned: boolean[] = [];
  told = 0;
  taken = 0;
  turns = 0;
  /** Turns in a row in which others came first. */
  #starved = 0;
  #written = 0;
  #queued = 0;

  constructor(waking: () => RequestMessage<unknown> | undefined = wake) {
    this.backlog = new EventBacklog(
      this,
      { wake: waking, largestEvent: 1 },
      (call, urgent) => {
        this.calls.push(call);
        this.urgencies.push(urgent);
      },
      (error) => this.failures.push(error),
      (exists) => this.turned.push(exists),
    );
  }

  written(): number {
    return this.#written;
  }

  /** Events come to be. */
  tell(count: number): void {
    this.told += count;
    this.#queued += count;
    if (this.#queued === count) this.#flush();
  }

  /** We take events, as many as are there at most. */
  take(count: number): void {
    const held = this.#written - this.taken;
    const taken = Math.min(count, this.#written - this.taken);
    if (taken === 0) return;
    this.taken += taken;
    this.backlog.drained(held, this.#written - this.taken, taken);
  }

  /** The main loop turns, and requests are answered. Other connections may come first, but not for ever. */
  async turn(othersFirst = false): Promise<void> {
    this.turns += 1;
    this.#starved = othersFirst && this.#starved < 3 ? this.#starved + 1 : 0;
    if (this.#starved === 0) this.#flush();
    for (const call of this.calls.splice(0)) call.complete(undefined);
    await settle();
  }

  #flush(): void {
    const count = Math.min(this.#queued, CAPACITY - (this.#written - this.taken));
    this.#queued -= count;
    this.#written += count;
  }
}

async function settle(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve();
}

describe('EventBacklog', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('asks nothing where nothing is to be fetched any more', () => {
    let isWanted = true;
    const server = new Server(() => (isWanted ? wake() : undefined));
    server.tell(CAPACITY + 5);
    isWanted = false;
    server.take(CAPACITY);
    expect({ calls: server.calls, turned: server.turned, exists: server.backlog.exists }).toEqual({
      calls: [],
      turned: [true, false],
      exists: false,
    });
    expect(server.failures).toEqual([]);
  });

  it('asks for nothing while there is room for every event', async () => {
    const server = new Server();
    for (let i = 0; i < 100; i++) {
      server.tell(4);
      server.take(4);
    }
    await vi.advanceTimersByTimeAsync(1000);
    expect([server.calls.length, server.backlog.exists]).toEqual([0, false]);
    expect(server.turned).toEqual([]);
  });

  it('wakes corosync at once when a full channel is empty, each time; and no more when the last time did not fill it', async () => {
    const server = new Server();
    server.tell(35);
    const taken: number[] = [];
    for (;;) {
      server.take(Infinity);
      taken.push(server.taken);
      if (server.calls.length === 0) break;
      await server.turn();
    }
    expect(server.turned).toEqual([true, false]);
    // 35 = 3 * 10 + 5
    expect(taken).toEqual([10, 20, 30, 35]);
    expect(server.turns).toBe(3);
    await vi.advanceTimersByTimeAsync(1000);
    expect([server.calls.length, server.backlog.exists]).toEqual([0, false]);
  });

  it('wakes it a few times in vain where nothing waits, with a rest between, and no more', async () => {
    const server = new Server();
    server.tell(CAPACITY);
    server.take(Infinity);
    for (let i = 0; i < 100; i++) {
      await server.turn();
      await vi.advanceTimersByTimeAsync(1);
    }
    expect(server.backlog.exists).toBe(false);
    await vi.advanceTimersByTimeAsync(1000);
    expect(server.calls).toEqual([]);
  });

  it('rests between vain attempts', async () => {
    const server = new Server();
    server.tell(CAPACITY);
    server.take(Infinity);
    expect(server.calls).toHaveLength(1);
    await server.turn();
    expect(server.calls).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(server.calls).toHaveLength(1);
  });

  it('does not ask for more while the channel is full, however long that takes', async () => {
    const server = new Server();
    server.tell(25);
    server.take(1);
    await server.turn();
    await vi.advanceTimersByTimeAsync(1000);
    expect(server.calls).toHaveLength(0);
    server.take(Infinity);
    expect(server.calls).toHaveLength(1);
  });

  it('has one request at a time under way', async () => {
    const server = new Server();
    server.tell(50);
    server.take(Infinity);
    server.take(Infinity);
    await vi.advanceTimersByTimeAsync(1000);
    expect(server.calls).toHaveLength(1);
  });

  it('takes what came while events were being taken for a channel that may have been full', () => {
    const server = new Server();
    server.tell(6);
    server.take(Infinity);
    // For all that we know corosync wrote these while the six were still there.
    server.tell(6);
    server.take(Infinity);
    expect(server.backlog.exists).toBe(true);
  });

  it('goes on after a request that fails', async () => {
    const server = new Server();
    server.tell(25);
    server.take(Infinity);
    for (const call of server.calls.splice(0)) call.fail(new Error('CS_ERR_NOT_EXIST'));
    await settle();
    await vi.advanceTimersByTimeAsync(1);
    expect(server.calls).toHaveLength(1);
  });

  it('is told at once that all is caught up where nothing is on its way', async () => {
    const server = new Server();
    for (let i = 0; i < 10; i++) {
      server.tell(3);
      server.take(Infinity);
    }
    await server.backlog.caughtUp();
    expect(server.calls).toEqual([]);
    expect(server.turned).toEqual([]);
  });

  it('tells who asked before the end of a backlog of that one, whatever comes after it', async () => {
    const server = new Server();
    server.tell(CAPACITY);
    let isCaughtUp = false;
    void server.backlog.caughtUp().then(() => (isCaughtUp = true));
    server.take(9);
    await vi.advanceTimersByTimeAsync(1);
    server.tell(5);
    await server.turn();
    // That one is over. The next one begins before its last events are taken, and is over, too.
    server.tell(4);
    server.take(2);
    for (let round = 0; round < 4; round++) {
      await vi.advanceTimersByTimeAsync(1);
      await server.turn();
    }
    expect(server.turned).toEqual([true, false, true, false]);
    server.take(3);
    await settle();
    expect(isCaughtUp).toBe(false);
    server.take(1);
    await settle();
    expect(isCaughtUp).toBe(true);
    expect(server.taken).toBeLessThan(server.told);
  });

  it('wakes corosync before anything else is sent, and nobody waits for it', () => {
    const server = new Server();
    server.tell(25);
    server.take(Infinity);
    expect(server.urgencies).toEqual([true]);
    expect(server.calls).toMatchObject([{ background: true, deadlineAt: Infinity }]);
  });

  it('says of a channel that can no longer be read that it has failed', async () => {
    const server = new Server();
    server.tell(CAPACITY);
    server.take(Infinity);
    const error = new Error('write pointer lies outside');
    server.written = () => {
      throw error;
    };
    await server.turn();
    expect(server.failures).toEqual([error]);
  });

  it('and so if it is found when the rest is over', async () => {
    const server = new Server();
    server.tell(CAPACITY);
    server.take(CAPACITY - 1);
    const error = new Error('write pointer lies outside');
    server.written = () => {
      throw error;
    };
    await vi.advanceTimersByTimeAsync(1);
    expect(server.failures).toEqual([error]);
    await expect(server.backlog.caughtUp()).rejects.toBe(error);
  });

  it('stops with the connection: who waits fails, and no timer is left', async () => {
    const server = new Server();
    server.tell(50);
    const caughtUp = server.backlog.caughtUp();
    const error = gone(new Error('died'));
    server.backlog.stop(error);
    await expect(caughtUp).rejects.toBe(error);
    expect(vi.getTimerCount()).toBe(0);
    server.take(Infinity);
    await server.turn();
    expect([server.calls.length, vi.getTimerCount(), server.backlog.exists]).toEqual([0, 0, false]);
  });

  it('that has stopped while corosync was woken says nothing of the answer', async () => {
    const server = new Server();
    server.tell(50);
    server.take(Infinity);
    expect(server.calls).toHaveLength(1);
    server.backlog.stop(gone());
    await server.turn();
    expect([server.calls.length, vi.getTimerCount(), server.turned]).toEqual([0, 0, [true]]);
  });

  const step = fc.oneof(
    fc.record({ kind: fc.constant('tell' as const), count: fc.integer({ min: 1, max: 25 }) }),
    fc.record({ kind: fc.constant('take' as const), count: fc.integer({ min: 1, max: 12 }) }),
    fc.record({ kind: fc.constant('turn' as const), othersFirst: fc.boolean() }),
    fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 10 }) }),
    fc.record({ kind: fc.constant('ask' as const) }),
  );

  it('says that all is caught up only when everything is taken that there was to tell; and in the end it is, and rests', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const server = new Server();
        const asked: Promise<void>[] = [];
        for (const what of steps) {
          if (what.kind === 'tell') server.tell(what.count);
          else if (what.kind === 'take') server.take(what.count);
          else if (what.kind === 'pass') await vi.advanceTimersByTimeAsync(what.ms);
          else if (what.kind === 'ask') {
            const { told } = server;
            asked.push(
              server.backlog.caughtUp().then(() => expect(server.taken).toBeGreaterThanOrEqual(told)),
            );
          } else await server.turn(what.othersFirst);
          await settle();
        }
        for (let i = 0; i < 1000 && (server.taken < server.told || server.backlog.exists); i++) {
          server.take(Infinity);
          await server.turn();
          await vi.advanceTimersByTimeAsync(1);
        }
        await Promise.all(asked);
        expect(server.taken).toBe(server.told);
        expect([server.backlog.exists, server.calls.length, vi.getTimerCount()]).toEqual([false, 0, 0]);
      }),
      { numRuns: 500 },
    );
  });
});
