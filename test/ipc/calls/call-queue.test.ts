import { describe, expect, it } from 'vitest';
import { CallQueue } from '../../../src/ipc/calls/call-queue.ts';
import { PendingCall, type Urgency } from '../../../src/ipc/calls/pending-call.ts';
import { FakeRequest } from '../../helpers/fake/fake-request.ts';

const GIVEN_UP = new Error('given up');

function call(number: number): PendingCall {
  const made = new PendingCall(new FakeRequest(number), { timeoutMs: Infinity }) as PendingCall;
  made.promise.catch(() => undefined);
  return made;
}

const keyOf = ({ message }: PendingCall): string | undefined => message.key;

/** Takes out all, in the order in which they are to be sent. */
function takeAll(queue: CallQueue): (string | undefined)[] {
  const keys: (string | undefined)[] = [];
  for (let next = queue.peek(); next !== undefined; next = queue.peek()) {
    keys.push(keyOf(next));
    queue.shift();
  }
  return keys;
}

describe('CallQueue', () => {
  it('sends what is urgent before all others, and the first of all before that; else in order', () => {
    const queue = new CallQueue();
    const urgencies: Urgency[] = [false, true, 'first', false, true, 'first'];
    for (const [number, urgent] of urgencies.entries()) queue.push(call(number), urgent);
    const order = [2, 5, 1, 4, 0, 3].map((number) => `request ${number}`);
    expect(queue.all().map(keyOf)).toEqual(order);
    expect(takeAll(queue)).toEqual(order);
    expect(queue.all()).toEqual([]);
  });

  it.each<Urgency>([false, true, 'first'])('drops what was given up meanwhile: urgent %s', (urgent) => {
    const queue = new CallQueue();
    const calls = [0, 1, 2, 3].map(call);
    for (const each of calls) queue.push(each, urgent);
    for (const number of [0, 1, 3]) calls[number]?.fail(GIVEN_UP);
    expect(takeAll(queue)).toEqual(['request 2']);
  });

  it('forgets all of them', () => {
    const queue = new CallQueue();
    for (const urgent of [false, true, 'first'] as const) queue.push(call(0), urgent);
    queue.clear();
    expect([queue.peek(), queue.all()]).toEqual([undefined, []]);
  });

  it('does not grow by calls that are given up while corosync takes none', () => {
    const queue = new CallQueue();
    const open: PendingCall[] = [];
    let most = 0;
    for (let number = 0; number < 10_000; number++) {
      const made = call(number);
      queue.push(made, false);
      if (number % 10 === 0) open.push(made);
      else made.fail(GIVEN_UP);
      if (number % 100 === 0) most = Math.max(most, queue.all().length);
    }
    expect(most).toBeLessThanOrEqual(2 * open.length + 1024);
    expect(takeAll(queue)).toEqual(open.map(keyOf));
  });

  it('looks for them no more often than calls have doubled', () => {
    const queue = new CallQueue();
    let looks = 0;
    for (let number = 0; number < 10_000; number++) {
      const made = call(number);
      const { settled } = made;
      Object.defineProperty(made, 'settled', { get: () => ((looks += 1), settled) });
      queue.push(made, false);
    }
    // 1024, 2048, 4096 and 8192.
    expect(looks).toBeLessThan(2 * 10_000);
  });
});
