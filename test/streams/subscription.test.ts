import { describe, expect, it } from 'vitest';
import { Subscription } from '../../src/streams/subscription.ts';

interface Made {
  readonly subscription: Subscription<number | string>;
  readonly returns: { count: number };
}

function make(maxQueued = 3, listener?: (event: number | string) => void): Made {
  const returns = { count: 0 };
  const subscription = new Subscription<number | string>({
    operation: 'op',
    listener,
    maxQueued,
    catchUp: (missed) => [`missed ${missed}`, 'now'],
    onReturn: () => void (returns.count += 1),
  });
  return { subscription, returns };
}

async function rest(subscription: AsyncIterable<number | string>): Promise<(number | string)[]> {
  const events: (number | string)[] = [];
  for await (const event of subscription) events.push(event);
  return events;
}

describe('a subscription', () => {
  it('gives its loop what came before and after it began, in order', async () => {
    const { subscription } = make();
    subscription.push(1);
    const reader = subscription[Symbol.asyncIterator]();
    expect(await reader.next()).toEqual({ done: false, value: 1 });
    const waiting = reader.next();
    subscription.push(2);
    expect(await waiting).toEqual({ done: false, value: 2 });
  });

  it('drops what a loop that lags has no room for, counts it, and tells what holds', async () => {
    const { subscription } = make(2);
    for (const event of [1, 2, 3, 4]) subscription.push(event);
    subscription.end();
    expect(await rest(subscription)).toEqual([1, 2, 'missed 2', 'now']);
  });

  it('drops nothing again when its loop has caught up', async () => {
    const { subscription } = make(1);
    const reader = subscription[Symbol.asyncIterator]();
    for (const event of [1, 2]) subscription.push(event);
    expect([(await reader.next()).value, (await reader.next()).value]).toEqual([1, 'missed 1']);
    expect((await reader.next()).value).toBe('now');
    subscription.push(3);
    expect((await reader.next()).value).toBe(3);
  });

  it('gives a listener each event at once, and cannot be iterated', () => {
    const told: (number | string)[] = [];
    const { subscription } = make(1, (event) => void told.push(event));
    for (const event of [1, 2, 3]) subscription.push(event);
    expect(told).toEqual([1, 2, 3]);
    expect(() => subscription[Symbol.asyncIterator]()).toThrow(
      'op: CS_ERR_INVALID_PARAM (7): this one has a listener',
    );
  });

  it('has one reader', () => {
    const { subscription } = make();
    subscription[Symbol.asyncIterator]();
    expect(() => subscription[Symbol.asyncIterator]()).toThrow('CS_ERR_BUSY');
  });

  it('says when its loop is left', async () => {
    const { subscription, returns } = make();
    subscription.push(1);
    for await (const event of subscription) {
      expect(event).toBe(1);
      break;
    }
    expect(returns.count).toBe(1);
  });

  it('takes nothing after its end, and ends with the error', async () => {
    const { subscription } = make();
    subscription.push(1);
    subscription.end(new Error('over'));
    subscription.push(2);
    const reader = subscription[Symbol.asyncIterator]();
    expect((await reader.next()).value).toBe(1);
    await expect(reader.next()).rejects.toThrow('over');
  });

  it('that was cleared has nothing left to read', async () => {
    const { subscription } = make(1);
    for (const event of [1, 2, 3]) subscription.push(event);
    subscription.clear();
    subscription.end();
    expect(await rest(subscription)).toEqual([]);
  });
});
