import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ConnectionError } from '../../../src/errors/index.ts';
import { PendingCall, type SubmitOptions } from '../../../src/ipc/calls/pending-call.ts';
import { FakeRequest } from '../../helpers/fake/fake-request.ts';

const READ = new FakeRequest(1);
const CHANGE = new FakeRequest(2, { changes: true });

function call(message = READ, options: Partial<SubmitOptions<number>> = {}): PendingCall<number> {
  return new PendingCall(message, { timeoutMs: Infinity, ...options });
}

const errorOf = ({ promise }: PendingCall<number>): Promise<unknown> =>
  promise.then(
    () => new Error('it has succeeded'),
    (error: unknown) => error,
  );

describe('PendingCall', () => {
  it('has its answer, which is told first to who wants to go on with it', async () => {
    const told: string[] = [];
    const answered = call(READ, { onAnswer: (value) => told.push(`answer ${value}`) });
    void answered.promise.then((value) => told.push(`resolved ${value}`));
    expect(answered.settled).toBe(false);
    answered.complete(7);
    expect(answered.settled).toBe(true);
    expect(told).toEqual(['answer 7']);
    await answered.promise;
    expect(told).toEqual(['answer 7', 'resolved 7']);
  });

  it('gives what comes after its caller has given up to who has to give it back, and to nobody else', async () => {
    const abort = new AbortController();
    const [onAnswer, onAbandonedAnswer] = [vi.fn(), vi.fn()];
    const given = call(READ, { signal: abort.signal, onAnswer, onAbandonedAnswer });
    given.markSent();
    abort.abort('enough');
    expect(await errorOf(given)).toBe('enough');
    given.complete(7);
    expect([onAnswer.mock.calls, onAbandonedAnswer.mock.calls]).toEqual([[], [[7]]]);
  });

  it('is given up at once by a signal that has fired', async () => {
    const given = call(READ, { signal: AbortSignal.abort('before') });
    expect(given.settled).toBe(true);
    expect(await errorOf(given)).toBe('before');
  });

  it('leaves its signal alone when it is over', async () => {
    const { signal } = new AbortController();
    const calls = [call(READ, { signal }), call(READ, { signal })];
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    calls[0]?.complete(1);
    calls[1]?.fail(new Error('no'));
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    await Promise.allSettled(calls.map(({ promise }) => promise));
  });

  it('knows of itself only whether it was handed over', () => {
    const made = call();
    expect(made.sent).toBe('no');
    made.markSent();
    expect(made.sent).toBe('unknown');
    made.complete(1);
    expect(made.sent).toBe('unknown');
  });

  describe('when nothing can come of its request any more', () => {
    const onOver = vi.fn();
    let abort: AbortController;
    let made: PendingCall<number>;
    beforeEach(() => {
      abort = new AbortController();
      made = call(CHANGE, { signal: abort.signal, onOver });
      made.promise.catch(() => undefined);
    });
    afterEach(() => void onOver.mockClear());

    it('says that it has succeeded, once', () => {
      made.markSent();
      made.complete(1);
      made.fail(new Error('late'));
      expect(onOver.mock.calls).toEqual([[true, CHANGE]]);
    });

    it('says that it has failed, once', () => {
      made.fail(new Error('refused'));
      made.complete(1);
      expect(onOver.mock.calls).toEqual([[false, CHANGE]]);
    });

    it('says so at once if it is given up before it was sent', () => {
      abort.abort();
      expect(onOver.mock.calls).toEqual([[false, CHANGE]]);
    });

    it.each<[string, boolean, (given: PendingCall<number>) => void]>([
      ['is answered', true, (given) => given.complete(1)],
      ['is answered with an error', false, (given) => given.fail(new Error('refused'))],
      [
        'is lost with its connection',
        false,
        (given) => given.lose(new ConnectionError('CS_ERR_LIBRARY', { operation: 'connection' }), 'unknown'),
      ],
    ])('says so, given up after it was sent, when it %s', (_what, succeeded, end) => {
      made.markSent();
      abort.abort();
      expect(onOver).not.toHaveBeenCalled();
      end(made);
      expect(onOver.mock.calls).toEqual([[succeeded, CHANGE]]);
    });
  });

  describe('lost with its connection', () => {
    const cause = new Error('read ECONNRESET');
    const lost = new ConnectionError('CS_ERR_LIBRARY', {
      operation: 'connection',
      errno: 'ECONNRESET',
      detail: 'corosync died',
      cause,
    });

    it.each([
      ['a change', CHANGE, 'unknown', 'corosync died; the request was sent, and may have taken effect'],
      ['a change', CHANGE, 'no', 'corosync died; the request was not taken, and has no effect'],
      ['what only reads', READ, 'yes', 'corosync died; the request was sent'],
    ] as const)('says what may have become of it: %s %s', async (_what, message, sent, detail) => {
      const made = call(message);
      made.markSent();
      made.lose(lost, sent);
      expect(await errorOf(made)).toMatchObject({
        name: 'ConnectionError',
        code: 'CS_ERR_LIBRARY',
        operation: 'fake',
        key: message.key,
        errno: 'ECONNRESET',
        detail,
        sent,
        cause,
      });
    });

    it('says that it was not sent, and has the loss as its cause if there is no other', async () => {
      const plain = new ConnectionError('CS_ERR_LIBRARY', { operation: 'connection' });
      const made = call(CHANGE);
      made.lose(plain, 'no');
      expect(await errorOf(made)).toMatchObject({
        detail: 'the connection is gone; the request was not sent',
        cause: plain,
      });
    });

    it('changes nothing for a caller who has his answer', async () => {
      const made = call();
      made.complete(7);
      made.lose(lost, 'unknown');
      expect(await made.promise).toBe(7);
    });
  });

  describe('at its deadline', () => {
    it('is due so long after it was made, or never', () => {
      const before = performance.now();
      const { deadlineAt } = call(READ, { timeoutMs: 1000 });
      expect(deadlineAt).toBeGreaterThanOrEqual(before + 1000);
      expect(deadlineAt).toBeLessThanOrEqual(performance.now() + 1000);
      expect(call().deadlineAt).toBe(Infinity);
    });

    it('says why it was not sent', async () => {
      const made = call(CHANGE, { timeoutMs: 4.6 });
      made.expire('no', 'others came first');
      expect(await errorOf(made)).toMatchObject({
        name: 'CsError',
        code: 'CS_ERR_TIMEOUT',
        operation: 'fake',
        key: 'request 2',
        sent: 'no',
        detail: 'corosync has not answered within 5 ms; the request was not sent: others came first',
      });
    });

    it.each([
      ['a change', CHANGE, 'the request was sent, and may still take effect'],
      ['what only reads', READ, 'the request was sent'],
    ] as const)('says what may become of %s', async (_what, message, outcome) => {
      const made = call(message, { timeoutMs: 5 });
      made.markSent();
      made.expire('unknown', 'others came first');
      expect(await errorOf(made)).toMatchObject({
        sent: 'unknown',
        detail: `corosync has not answered within 5 ms; ${outcome}`,
      });
    });
  });
});
