import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { CmapTrackEvent } from '../../../src/cmap/tracking/track-events.ts';
import { resolveTrackOptions, type CmapTrackOptions } from '../../../src/cmap/tracking/track-options.ts';
import { KeyTracker, type TrackDelete, type TrackerDriver } from '../../../src/cmap/tracking/tracker.ts';
import type { NotificationMessage } from '../../../src/codec/cmap/notification.ts';
import { ConnectionError } from '../../../src/errors/index.ts';
import { CallLimits } from '../../../src/options/call-options.ts';

const LIMITS = new CallLimits(1000);
const LOST = new ConnectionError('CS_ERR_LIBRARY', { operation: 'connection', detail: 'gone' });

interface Bench {
  readonly tracker: KeyTracker;
  readonly driver: TrackerDriver;
  readonly deleted: [bigint, CallLimits | undefined][];
}

function create(options: CmapTrackOptions = {}, result: Promise<void> = Promise.resolve()): Bench {
  const deleted: [bigint, CallLimits | undefined][] = [];
  const trackDelete: TrackDelete = (trackHandle, deleteOptions) => {
    deleted.push([trackHandle, deleteOptions]);
    return result;
  };
  const resolved = resolveTrackOptions('test.', { prefix: true, ...options }, 'icmap');
  const [tracker, driver] = KeyTracker.create(resolved, trackDelete, LIMITS);
  return { tracker, driver, deleted };
}

function active(options: CmapTrackOptions = {}, result?: Promise<void>): Bench {
  const bench = create(options, result);
  bench.driver.activate(42n);
  return bench;
}

const message = (value: number, key = 'test.key'): NotificationMessage => ({
  key,
  change: 'modify',
  newValue: { type: 'int32', value },
  oldValue: { type: 'int32', value: value - 1 },
});
const valueOf = (event: CmapTrackEvent): unknown =>
  event.kind === 'notification' ? event.newValue?.value : event;

/** How a promise has ended by now. */
async function outcome(promise: Promise<unknown>): Promise<unknown> {
  promise.catch(() => undefined);
  await turn();
  return Promise.race([promise, Promise.resolve('still waiting')]);
}

describe('KeyTracker', () => {
  it('says what it tracks', () => {
    const { tracker } = create({ events: ['modify', 'add'] });
    expect(tracker).toMatchObject({ key: 'test.', prefix: true, events: ['add', 'modify'] });
  });

  it('gives what is delivered, before and after the reader asks, in order', async () => {
    const { tracker, driver } = active();
    driver.deliver(message(1));
    driver.deliver(message(2));
    const reader = tracker[Symbol.asyncIterator]();
    expect(await reader.next()).toEqual({
      done: false,
      value: {
        kind: 'notification',
        change: 'modify',
        key: 'test.key',
        newValue: { type: 'int32', value: 1 },
        oldValue: { type: 'int32', value: 0 },
        tracker,
        coalesced: 0,
      },
    });
    expect((await reader.next()).value).toMatchObject({ newValue: { value: 2 } });
    const next = reader.next();
    driver.deliver(message(3));
    driver.deliver(message(4));
    expect((await next).value).toMatchObject({ newValue: { value: 3 } });
    expect((await reader.next()).value).toMatchObject({ newValue: { value: 4 } });
  });

  it('keeps what comes before the answer to track_add', async () => {
    const { tracker, driver } = create();
    driver.deliver(message(1));
    driver.activate(42n);
    expect((await tracker[Symbol.asyncIterator]().next()).value).toMatchObject({ newValue: { value: 1 } });
  });

  it('answers readers that ask again before they are answered, in order', async () => {
    const { tracker, driver } = active();
    const reader = tracker[Symbol.asyncIterator]();
    const asked = [reader.next(), reader.next(), reader.next()];
    for (const value of [1, 2]) driver.deliver(message(value));
    driver.end(undefined);
    const answers = await Promise.all(asked.map((promise) => outcome(promise)));
    expect(answers).toMatchObject([
      { done: false, value: { newValue: { value: 1 } } },
      { done: false, value: { newValue: { value: 2 } } },
      { done: true, value: undefined },
    ]);
  });

  it('tells nothing that was not asked for', () => {
    const seen: unknown[] = [];
    const { driver } = active({ events: ['add', 'delete'], listener: (event) => seen.push(event) });
    driver.deliver(message(1)); // a modification: the stats map sends them unasked
    expect(seen).toEqual([]);
  });

  it('has one reader', () => {
    const { tracker } = active();
    tracker[Symbol.asyncIterator]();
    expect(() => tracker[Symbol.asyncIterator]()).toThrow(
      expect.objectContaining({ code: 'CS_ERR_BUSY', key: 'test.' }),
    );
  });

  it('puts an overflow event in the place of what a slow reader misses', async () => {
    const { tracker, driver } = active({ maxQueued: 1 });
    for (const value of [1, 2, 3]) driver.deliver(message(value));
    const reader = tracker[Symbol.asyncIterator]();
    expect((await reader.next()).value).toMatchObject({ newValue: { value: 1 } });
    expect((await reader.next()).value).toEqual({ kind: 'overflow', dropped: 2, tracker });
  });

  it('folds what a slow reader misses, if told so', async () => {
    const { tracker, driver } = active({ whenLagging: 'coalesce' });
    for (const value of [1, 2, 3]) driver.deliver(message(value));
    const { value } = (await tracker[Symbol.asyncIterator]().next()) as { value: CmapTrackEvent };
    expect(value).toMatchObject({ newValue: { value: 3 }, oldValue: { value: 0 }, coalesced: 2 });
  });
});

describe('CmapTracker: the end', () => {
  it('by leaving the loop deletes the tracker on the server', async () => {
    const { tracker, driver, deleted } = active();
    driver.deliver(message(1));
    driver.deliver(message(2));
    for await (const event of tracker) {
      expect(valueOf(event)).toBe(1);
      break;
    }
    expect(deleted).toEqual([[42n, LIMITS]]);
  });

  it('by an exception in the loop deletes it, too', async () => {
    const { tracker, driver, deleted } = active();
    driver.deliver(message(1));
    const reading = async (): Promise<void> => {
      for await (const event of tracker) throw new Error(`mine: ${String(valueOf(event))}`);
    };
    await expect(reading()).rejects.toThrow('mine: 1');
    expect(deleted).toHaveLength(1);
  });

  it('by delete drops what was not read, ends the reader and asks the server once', async () => {
    const { tracker, driver, deleted } = active();
    driver.deliver(message(1));
    const reader = tracker[Symbol.asyncIterator]();
    await reader.next();
    const waiting = reader.next();
    const options = { timeoutMs: 5 };
    await Promise.all([tracker.close(options), tracker.close()]);
    await tracker[Symbol.asyncDispose]();
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(await reader.next()).toEqual({ done: true, value: undefined });
    expect(deleted).toEqual([[42n, options]]);
  });

  it('by `await using` deletes it', async () => {
    const { tracker, deleted } = active();
    {
      await using scoped = tracker;
      expect(scoped.key).toBe('test.');
    }
    expect(deleted).toHaveLength(1);
  });

  it('by delete fails if the server does', async () => {
    const refused = Promise.reject(new Error('refused'));
    refused.catch(() => undefined);
    const { tracker } = active({}, refused);
    await expect(tracker.close()).rejects.toThrow('refused');
    await expect(tracker.close()).resolves.toBeUndefined();
  });

  it('by loss of the connection gives what has arrived and then throws', async () => {
    const { tracker, driver, deleted } = active();
    driver.deliver(message(1));
    driver.deliver(message(2));
    driver.end(LOST);
    const seen: unknown[] = [];
    const reading = async (): Promise<void> => {
      for await (const event of tracker) seen.push(valueOf(event));
    };
    await expect(reading()).rejects.toBe(LOST);
    expect(seen).toEqual([1, 2]);
    await tracker.close();
    expect(deleted).toEqual([]);
  });

  it('by loss of the connection wakes a waiting reader', async () => {
    const { tracker, driver } = active();
    const reader = tracker[Symbol.asyncIterator]();
    const waiting = reader.next();
    driver.end(LOST);
    await expect(waiting).rejects.toBe(LOST);
    await expect(reader.next()).rejects.toBe(LOST);
  });

  it('by close of the connection gives what has arrived and is done', async () => {
    const { tracker, driver } = active();
    driver.deliver(message(1));
    driver.end(undefined);
    const seen: unknown[] = [];
    for await (const event of tracker) seen.push(valueOf(event));
    expect(seen).toEqual([1]);
  });

  // The answer to track_add and the end of the connection can arrive in the same turn.
  it('before the answer to track_add is taken in is the end all the same', async () => {
    const { tracker, driver, deleted } = create();
    driver.end(LOST);
    driver.activate(42n);
    const reading = outcome(tracker[Symbol.asyncIterator]().next());
    await expect(reading).rejects.toBe(LOST);
    await tracker.close();
    expect(deleted).toEqual([]);
  });

  it('by delete before the answer to track_add is taken in is made good then', async () => {
    const { tracker, driver, deleted } = create();
    await tracker.close();
    expect(deleted).toEqual([]);
    driver.activate(42n);
    expect(deleted).toEqual([[42n, undefined]]);
  });

  it('leaves nothing to be delivered', () => {
    const seen: unknown[] = [];
    const { driver } = active({ listener: (event) => seen.push(event) });
    driver.end(undefined);
    driver.deliver(message(1));
    expect(seen).toEqual([]);
  });

  it('comes once', async () => {
    const { tracker, driver } = active();
    driver.end(LOST);
    driver.end(undefined);
    await expect(tracker[Symbol.asyncIterator]().next()).rejects.toBe(LOST);
  });
});

describe('CmapTracker with a listener', () => {
  const onException = vi.fn();
  const own = process.listeners('uncaughtException');
  afterEach(() => {
    process.removeAllListeners('uncaughtException');
    for (const listener of own) process.on('uncaughtException', listener);
    onException.mockClear();
  });

  it('calls it in the turn in which the event arrives', () => {
    const seen: unknown[] = [];
    const { driver } = active({ listener: (event) => seen.push(valueOf(event)) });
    driver.deliver(message(1));
    expect(seen).toEqual([1]);
  });

  it('cannot be read', () => {
    const { tracker } = active({ listener: () => undefined });
    expect(() => tracker[Symbol.asyncIterator]()).toThrow(
      expect.objectContaining({ code: 'CS_ERR_INVALID_PARAM', key: 'test.' }),
    );
  });

  it('that throws is reported as uncaught, and gets the next event all the same', async () => {
    process.removeAllListeners('uncaughtException');
    process.on('uncaughtException', onException);
    const seen: unknown[] = [];
    const mistake = new Error('my mistake');
    const { driver } = active({
      listener: (event) => {
        seen.push(valueOf(event));
        throw mistake;
      },
    });
    expect(() => driver.deliver(message(1))).not.toThrow();
    driver.deliver(message(2));
    await turn();
    expect(seen).toEqual([1, 2]);
    expect(onException.mock.calls.map(([error]) => error as unknown)).toEqual([mistake, mistake]);
  });
});
