import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MessageReader } from '../../../src/codec/message-reader.ts';
import type { RequestMessage, SendWindow, UnansweredMessage } from '../../../src/codec/message.ts';
import { CsError } from '../../../src/errors/index.ts';
import { NO_PROGRESS } from '../../../src/ipc/calls/batch-progress.ts';
import { CallLedger } from '../../../src/ipc/calls/call-ledger.ts';
import { ChangePace } from '../../../src/ipc/calls/change-pace.ts';
import { PendingCall, type SubmitOptions, type Urgency } from '../../../src/ipc/calls/pending-call.ts';
import { gone } from '../../helpers/corosync/gone.ts';
import { FakeRequest, FakeUnanswered, responseHeader } from '../../helpers/fake/fake-request.ts';

type Message = RequestMessage<number> | UnansweredMessage;

/** A request whose answer is a header, and which resolves with its number. */
class Plain extends FakeRequest {
  override decode(): number {
    return this.number;
  }
}

const answer = (error = 1, id = 77): MessageReader => new MessageReader(responseHeader(id, 24, error));
async function errorOf(call: PendingCall | undefined): Promise<unknown> {
  try {
    await call?.promise;
    return 'answered';
  } catch (error) {
    return error;
  }
}
const size = (bytes: number): number => bytes;

describe('CallLedger', () => {
  let onDeadline: ReturnType<typeof vi.fn<() => void>>;
  let ledger: CallLedger;
  beforeEach(() => {
    vi.useFakeTimers();
    onDeadline = vi.fn();
    ledger = new CallLedger(onDeadline);
  });
  afterEach(() => void vi.useRealTimers());

  function add(
    message: Message,
    options: Partial<SubmitOptions<number>> = {},
    urgent: Urgency = false,
  ): PendingCall {
    const call = new PendingCall(message, { timeoutMs: Infinity, ...options }) as PendingCall;
    call.promise.catch(() => undefined);
    ledger.add(call, urgent);
    return call;
  }

  /** Takes all into the batch that may go out, and returns how many that are. */
  function send(): number {
    const before = ledger.batchSize;
    for (let call = ledger.nextOfBatch(); call !== undefined; call = ledger.nextOfBatch()) ledger.take(call);
    return ledger.batchSize - before;
  }

  describe('a batch', () => {
    it('takes calls in their order, and counts the answers that are to come', () => {
      const calls = [new Plain(1), new FakeUnanswered(2), new Plain(3)].map((message) => add(message));
      expect([ledger.next(), ledger.batchSize, ledger.answersToCome, ledger.idle]).toEqual([
        calls[0],
        0,
        0,
        false,
      ]);
      expect(send()).toBe(3);
      expect([ledger.next(), ledger.batchSize, ledger.answersToCome, ledger.idle]).toEqual([
        undefined,
        3,
        2,
        false,
      ]);
      ledger.deliver(answer());
      expect(ledger.answersToCome).toBe(1);
      ledger.deliver(answer());
      ledger.endBatch();
      expect([ledger.batchSize, ledger.answersToCome, ledger.idle]).toEqual([0, 0, true]);
    });

    it('ends with a request that is answered later, which is first in its own', () => {
      for (const message of [new Plain(1), new Plain(2, { answer: 'later' }), new Plain(3)]) add(message);
      expect(ledger.answersLater).toBe(false);
      expect(send()).toBe(1);
      expect(ledger.answersLater).toBe(false);
      ledger.deliver(answer());
      ledger.endBatch();
      expect(send()).toBe(1);
      expect(ledger.answersLater).toBe(true);
      ledger.deliver(answer());
      ledger.endBatch();
      expect(send()).toBe(1);
    });

    it('ends with one that corosync reads again', () => {
      add(Object.assign(new Plain(1), { readUntilFollowUp: true }));
      add(new Plain(2));
      expect(send()).toBe(1);
    });

    it('goes on behind one that is never answered', () => {
      for (const message of [new FakeUnanswered(1), new FakeUnanswered(2), new Plain(3)]) add(message);
      expect(send()).toBe(3);
    });

    it('has what a window lets through, which is told of it', () => {
      const took: unknown[] = [];
      const window: SendWindow = {
        hindrance: 'shut',
        admits: () => took.length < 2,
        took: (message) => void took.push(message),
      };
      const messages = [1, 2, 3].map((number) => new FakeUnanswered(number, 32, { window }));
      for (const message of messages) add(message);
      expect(send()).toBe(2);
      expect(took).toEqual(messages.slice(0, 2));
    });

    it('has what the pace of changes lets through', () => {
      const pace = new ChangePace();
      ledger = new CallLedger(onDeadline, undefined, pace);
      pace.turned(true);
      add(new Plain(1));
      add(new Plain(2, { changes: true }));
      expect(send()).toBe(1);
      pace.stop();
    });
  });

  describe('behind requests that are never answered', () => {
    it('goes a barrier, which settles them', async () => {
      const calls = [1, 2].map((number) => add(new FakeUnanswered(number)));
      send();
      const { barrier } = ledger;
      expect(barrier).toMatchObject({ number: 1_000_002 });
      if (barrier === undefined) return;
      ledger.takeBarrier(barrier);
      expect([ledger.barrier, ledger.batchSize, ledger.answersToCome]).toEqual([undefined, 3, 1]);
      expect(calls.map(({ settled }) => settled)).toEqual([false, false]);
      ledger.deliver(answer(9));
      expect(await Promise.all(calls.map(({ promise }) => promise))).toEqual([undefined, undefined]);
    });

    it('nothing need go where something else tells that they were taken', async () => {
      const calls = [1, 2].map((number) => add(new FakeUnanswered(number)));
      send();
      expect(ledger.endsUnanswered).toBe(true);
      ledger.completeBatch();
      expect([ledger.batchSize, ledger.idle]).toEqual([0, true]);
      expect(await Promise.all(calls.map(({ promise }) => promise))).toEqual([undefined, undefined]);
    });

    it('goes none where an answer tells, or nothing was sent', () => {
      expect(ledger.barrier).toBeUndefined();
      add(new FakeUnanswered(1));
      add(new Plain(2));
      send();
      expect([ledger.barrier, ledger.endsUnanswered]).toEqual([undefined, false]);
    });
  });

  describe('an answer', () => {
    it('goes to the first call without, and settles those before it that have none', async () => {
      const calls = [new FakeUnanswered(1), new Plain(2), new FakeUnanswered(3), new Plain(4)].map(
        (message) => add(message),
      );
      send();
      ledger.deliver(answer());
      expect(calls.map(({ settled }) => settled)).toEqual([true, true, false, false]);
      ledger.deliver(answer(12));
      expect(calls.map(({ settled }) => settled)).toEqual([true, true, true, true]);
      expect(await errorOf(calls[3])).toMatchObject({ code: 'CS_ERR_NOT_EXIST', sent: 'yes' });
    });

    it('leaves its size with the call', () => {
      const call = add(new Plain(1));
      send();
      ledger.deliver(answer());
      expect(call.responseSize).toBe(24);
    });

    it.each<[string, MessageReader]>([
      ['another id', answer(1, 78)],
      ['id 0 and no error', answer(1, 0)],
    ])('of %s breaks the protocol, and settles nothing', (_what, response) => {
      const calls = [new FakeUnanswered(1), new Plain(2)].map((message) => add(message));
      send();
      expect(() => ledger.deliver(response)).toThrow(expect.objectContaining({ code: 'CS_ERR_SECURITY' }));
      expect(calls.map(({ settled }) => settled)).toEqual([false, false]);
    });

    it('to no request breaks the protocol', () => {
      const unanswered = add(new FakeUnanswered(1));
      send();
      expect(() => ledger.deliver(answer())).toThrow(expect.objectContaining({ code: 'CS_ERR_SECURITY' }));
      expect(unanswered.settled).toBe(false);
    });
  });

  it('holds the connection until what needs it is answered', () => {
    for (const message of [new FakeUnanswered(0), new Plain(1, { holdsConnection: true }), new Plain(2)])
      add(message);
    expect(ledger.holdsConnection).toBe(false);
    send();
    expect(ledger.holdsConnection).toBe(true);
    ledger.deliver(answer());
    expect(ledger.holdsConnection).toBe(false);
  });

  it('reckons what answers cost, and how far into the batch so many bytes go', () => {
    const messages = [
      new Plain(1, { size: 30, maxResponseSize: 100 }),
      new FakeUnanswered(2, 40),
      new Plain(3, { size: 50, maxResponseSize: 200 }),
      new Plain(4, { size: 60, maxResponseSize: 400 }),
    ];
    for (const message of messages) add(message);
    send();
    expect([0, 1, 2, 3, 4].map((count) => ledger.costOfAnswers(count, size))).toEqual([
      0, 100, 300, 700, 700,
    ]);
    expect(
      [0, 29, 30, 69, 70, 119, 120, 180, 999].map((bytes) => ledger.requestsWithin(bytes, size)),
    ).toEqual([0, 0, 1, 1, 2, 2, 3, 4, 4]);
    ledger.deliver(answer());
    expect([1, 2].map((count) => ledger.costOfAnswers(count, size))).toEqual([200, 600]);
  });

  describe('deadlines', () => {
    it('are told at the earliest, once somebody waits', () => {
      add(new Plain(1), { timeoutMs: 300 });
      add(new Plain(2), { timeoutMs: 100 });
      add(new Plain(3), { timeoutMs: 200 });
      expect(vi.getTimerCount()).toBe(0);
      ledger.armDeadlines();
      vi.advanceTimersByTime(99);
      expect(onDeadline).not.toHaveBeenCalled();
      vi.advanceTimersByTime(1);
      expect(onDeadline).toHaveBeenCalledTimes(1);
    });

    it('are none where all may take for ever', () => {
      add(new Plain(1));
      ledger.armDeadlines();
      expect(vi.getTimerCount()).toBe(0);
    });

    it('fail those whose time is up, and go on with the others', async () => {
      const [first, second, third] = [100, 100, 250].map((timeoutMs) => add(new Plain(1), { timeoutMs }));
      ledger.armDeadlines();
      vi.advanceTimersByTime(100);
      ledger.expire(() => NO_PROGRESS);
      expect([first, second, third].map((call) => call?.settled)).toEqual([true, true, false]);
      expect(await errorOf(first)).toMatchObject({ code: 'CS_ERR_TIMEOUT', sent: 'no' });
      vi.advanceTimersByTime(149);
      expect(onDeadline).toHaveBeenCalledTimes(1);
      vi.advanceTimersByTime(1);
      expect(onDeadline).toHaveBeenCalledTimes(2);
    });

    it('say what is known of requests that were sent, and ask only if one of those is late', async () => {
      const progress = vi.fn(() => ({ handled: 1, begun: 1 }));
      const sent = [1, 2].map((number) => add(new Plain(number), { timeoutMs: 100 }));
      send();
      const queued = add(new Plain(3), { timeoutMs: 50 });
      vi.advanceTimersByTime(50);
      ledger.expire(progress);
      expect(progress).not.toHaveBeenCalled();
      expect(await errorOf(queued)).toMatchObject({ sent: 'no' });
      vi.advanceTimersByTime(50);
      ledger.expire(progress);
      expect(progress).toHaveBeenCalledTimes(1);
      // A corosync that lives may still begin with the second.
      expect(await Promise.all(sent.map(errorOf))).toMatchObject([{ sent: 'yes' }, { sent: 'unknown' }]);
    });

    it('leave no timer when there is nothing left to wait for', () => {
      add(new Plain(1), { timeoutMs: 100 });
      ledger.armDeadlines();
      ledger.rest();
      expect(vi.getTimerCount()).toBe(0);
      ledger.armDeadlines();
      expect(vi.getTimerCount()).toBe(0);
    });

    it('say that a change waits for notifications to be read', async () => {
      const pace = new ChangePace();
      ledger = new CallLedger(onDeadline, undefined, pace);
      pace.turned(true);
      const held = add(new Plain(1, { changes: true }), { timeoutMs: 10 });
      send();
      expect(await expired(held)).toMatch(/not sent: corosync holds notifications for us/);
      pace.stop();
    });

    it('say that a call waits for the answers to earlier ones, whatever else it will have to wait for', async () => {
      add(new Plain(1));
      send();
      const window: SendWindow = { hindrance: 'shut', admits: () => false, took: () => undefined };
      const behind = add(new FakeUnanswered(2, 32, { window }), { timeoutMs: 10 });
      expect(await expired(behind)).toMatch(/not sent: earlier ones are still unanswered$/);
    });

    /** What its error says. */
    async function expired(call: PendingCall): Promise<string | undefined> {
      vi.advanceTimersByTime(20);
      ledger.expire(() => NO_PROGRESS);
      const error = await errorOf(call);
      return error instanceof CsError ? error.detail : undefined;
    }
  });

  describe('who waits', () => {
    it('is whoever has no answer, but for what nobody waits for', async () => {
      add(new Plain(0), { background: true });
      expect(ledger.settled).toBe(true);
      await ledger.whenSettled();
      const call = add(new Plain(1));
      expect(ledger.settled).toBe(false);
      let settled = false;
      void ledger.whenSettled().then(() => (settled = true));
      send();
      expect(ledger.settled).toBe(false);
      await Promise.resolve();
      expect(settled).toBe(false);
      call.fail(new Error('given up'));
      expect(ledger.settled).toBe(true);
      await vi.advanceTimersByTimeAsync(0);
      expect(settled).toBe(true);
    });
  });

  describe('the end of the connection', () => {
    function prepare(): PendingCall[] {
      const sent = [1, 2, 3].map((number) => add(new Plain(number), { timeoutMs: 100 }));
      send();
      ledger.deliver(answer());
      ledger.armDeadlines();
      return [...sent, add(new Plain(4))];
    }

    it('fails all that has no answer, by what corosync had seen of it, and leaves nothing', async () => {
      const calls = prepare();
      ledger.loseAll(gone(), { handled: 1, begun: 2 }, true);
      expect(await Promise.all(calls.map(errorOf))).toMatchObject([
        'answered',
        { sent: 'unknown' },
        { sent: 'no' },
        { sent: 'no' },
      ]);
      expect([ledger.idle, ledger.batchSize, ledger.answersToCome, vi.getTimerCount()]).toEqual([
        true,
        0,
        0,
        0,
      ]);
    });

    it('for its user alone leaves the batch, which is still to be answered', async () => {
      const calls = prepare();
      ledger.hideAll(gone(), NO_PROGRESS);
      expect(await Promise.all(calls.map(errorOf))).toMatchObject([
        'answered',
        { sent: 'unknown' },
        { sent: 'unknown' },
        { sent: 'no' },
      ]);
      expect([ledger.next(), ledger.answersToCome, vi.getTimerCount()]).toEqual([undefined, 2, 0]);
      ledger.deliver(answer());
      ledger.deliver(answer());
      expect(ledger.answersToCome).toBe(0);
    });

    it('is the end of held changes', () => {
      const pace = new ChangePace();
      const free = vi.fn();
      pace.onFree(free);
      ledger = new CallLedger(onDeadline, undefined, pace);
      pace.turned(true);
      add(new Plain(1, { changes: true }));
      send();
      expect(vi.getTimerCount()).toBe(1);
      ledger.loseAll(gone(), NO_PROGRESS, false);
      expect([vi.getTimerCount(), free.mock.calls.length]).toEqual([0, 0]);
    });
  });
});
