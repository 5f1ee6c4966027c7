import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { costOfChange } from '../../../src/cmap/values/memory-cost.ts';
import { NotificationQueue, type QueueLimits } from '../../../src/cmap/tracking/notification-queue.ts';
import type { CmapNotification, CmapTrackEvent } from '../../../src/cmap/tracking/track-events.ts';
import { KeyTracker } from '../../../src/cmap/tracking/tracker.ts';
import { resolveTrackOptions } from '../../../src/cmap/tracking/track-options.ts';
import { CallLimits } from '../../../src/options/call-options.ts';

const LIMITS = new CallLimits(1000);
const [tracker] = KeyTracker.create(
  resolveTrackOptions('test.', { prefix: true }, 'icmap'),
  () => Promise.resolve(),
  LIMITS,
);
const UNLIMITED = { maxQueued: 1_000_000, maxQueuedBytes: 2 ** 40 };

/** A notification whose new value is its number, and whose old value is the one before. */
function change(
  number: number,
  key = 'test.key',
  event: CmapNotification['change'] = 'modify',
): CmapNotification {
  return {
    kind: 'notification',
    change: event,
    key,
    newValue: event === 'delete' ? undefined : { type: 'int32', value: number },
    oldValue: event === 'add' ? undefined : { type: 'int32', value: number - 1 },
    tracker,
    coalesced: 0,
  };
}

/** One whose value has that many bytes. */
const large = (bytes: number, key = 'test.key'): CmapNotification => ({
  ...change(1, key),
  newValue: { type: 'binary', value: new Uint8Array(bytes) },
  oldValue: undefined,
});

function drain(queue: NotificationQueue): CmapTrackEvent[] {
  const events: CmapTrackEvent[] = [];
  for (let event = queue.shift(); event !== undefined; event = queue.shift()) events.push(event);
  return events;
}

const queueOf = (limits: Partial<QueueLimits>, ...pushed: CmapNotification[]): NotificationQueue => {
  const queue = new NotificationQueue({ coalesce: false, ...UNLIMITED, ...limits });
  for (const notification of pushed) queue.push(notification);
  return queue;
};
const valueOf = (event: CmapTrackEvent): unknown =>
  event.kind === 'notification' ? event.newValue?.value : `${event.dropped} dropped`;

describe('NotificationQueue', () => {
  it('gives what was pushed, in order, unchanged', () => {
    const pushed = [change(1), change(2, 'test.other'), change(3)];
    const queue = queueOf({}, ...pushed);
    expect(drain(queue)).toEqual(pushed);
    expect(queue.shift()).toBeUndefined();
  });

  it('can be read and written by turns', () => {
    const queue = queueOf({});
    for (let round = 0; round < 5000; round++) {
      queue.push(change(round));
      queue.push(change(-round));
      expect(queue.shift()).toMatchObject({ kind: 'notification' });
    }
    expect(drain(queue)).toHaveLength(5000);
  });

  it('forgets everything when it is cleared, and counts anew', () => {
    const queue = queueOf({ maxQueued: 2 }, change(1), change(2), change(3));
    queue.clear();
    expect(queue.shift()).toBeUndefined();
    queue.push(change(4));
    queue.push(change(5));
    expect(drain(queue).map(valueOf)).toEqual([4, 5]);
  });
});

describe('NotificationQueue: overflow', () => {
  it('is one event in the place of what is missing', () => {
    const queue = queueOf({ maxQueued: 2 }, change(1), change(2), change(3), change(4));
    expect(drain(queue)).toEqual([change(1), change(2), { kind: 'overflow', dropped: 2, tracker }]);
  });

  it('goes on behind the gap when there is room again', () => {
    const queue = queueOf({ maxQueued: 3 }, ...[1, 2, 3, 4].map((number) => change(number)));
    expect([queue.shift(), queue.shift()].map((event) => event && valueOf(event))).toEqual([1, 2]);
    queue.push(change(5));
    queue.push(change(6));
    expect(drain(queue).map(valueOf)).toEqual([3, '1 dropped', 5, '1 dropped']);
  });

  it('keeps what takes exactly the bytes that are allowed, and not one more', () => {
    const maxQueuedBytes = costOfChange(large(1000));
    expect(drain(queueOf({ maxQueuedBytes }, large(1000)))).toEqual([large(1000)]);
    expect(drain(queueOf({ maxQueuedBytes: maxQueuedBytes - 1 }, large(1000)))).toMatchObject([
      { dropped: 1 },
    ]);
    const folded = drain(queueOf({ maxQueuedBytes, coalesce: true }, large(10), large(1000)));
    expect(folded).toEqual([{ ...large(1000), coalesced: 1 }]);
    const tooLarge = queueOf({ maxQueuedBytes: maxQueuedBytes - 1, coalesce: true }, large(10), large(1000));
    expect(drain(tooLarge)).toMatchObject([large(10), { dropped: 1 }]);
  });

  it('counts bytes of keys and values', () => {
    const queue = queueOf({ maxQueuedBytes: 4000 }, large(1000), large(1000), large(1000), large(100));
    // The last, being small, fits again, behind the gap.
    const kinds = drain(queue).map((event) => event.kind);
    expect(kinds).toEqual(['notification', 'notification', 'overflow', 'notification']);
  });

  it('gives bytes back when they are read', () => {
    const queue = queueOf({ maxQueuedBytes: 2000 });
    for (let round = 0; round < 100; round++) {
      queue.push(large(1000));
      expect(queue.shift()).toMatchObject({ kind: 'notification' });
    }
  });

  it('comes even of a single notification that is too large', () => {
    const queue = queueOf({ maxQueuedBytes: 100 }, large(1000), large(1000));
    expect(drain(queue)).toEqual([{ kind: 'overflow', dropped: 2, tracker }]);
  });

  it('bounds a flood of empty values, too', () => {
    const queue = queueOf({ maxQueuedBytes: 10_000 });
    for (let i = 0; i < 1000; i++) queue.push(change(i));
    expect(drain(queue).length).toBeLessThan(100);
  });
});

describe('NotificationQueue: coalescing', () => {
  const coalesce = (...pushed: CmapNotification[]): CmapTrackEvent[] =>
    drain(queueOf({ coalesce: true }, ...pushed));

  it('never makes an event of it that was not asked for', () => {
    const options = resolveTrackOptions('test.', { prefix: true, events: ['add', 'delete'] }, 'icmap');
    const [addsAndDeletes] = KeyTracker.create(options, () => Promise.resolve(), LIMITS);
    const told = (event: 'add' | 'delete', number: number): CmapNotification => ({
      ...change(number, 'k.a', event),
      tracker: addsAndDeletes,
    });
    const events = coalesce(told('delete', 1), told('add', 2), told('delete', 3), told('add', 4));
    expect(events.map((event) => event.kind === 'notification' && event.change)).toEqual(['delete', 'add']);
    expect(events.at(-1)).toMatchObject({ newValue: { value: 4 } });
  });

  it('keeps the first old and the last new value of each key, in the order of the first', () => {
    expect(coalesce(change(1, 'k.a'), change(11, 'k.b'), change(2, 'k.a'), change(3, 'k.a'))).toEqual([
      { ...change(3, 'k.a'), oldValue: { type: 'int32', value: 0 }, coalesced: 2 },
      change(11, 'k.b'),
    ]);
  });

  it('does not fold into what has been read', () => {
    const queue = queueOf({ coalesce: true }, change(1));
    expect(queue.shift()).toEqual(change(1));
    queue.push(change(2));
    expect(drain(queue)).toEqual([change(2)]);
  });

  it('does not fold over a gap', () => {
    const queue = queueOf(
      { coalesce: true, maxQueued: 2 },
      change(1, 'k.a'),
      change(1, 'k.b'),
      change(1, 'k.c'),
    );
    queue.shift();
    queue.shift();
    queue.push(change(2, 'k.b'));
    expect(drain(queue).map(valueOf)).toEqual(['1 dropped', 2]);
  });

  it.each([
    [['add', 'modify'], 'add'],
    [['add', 'delete'], 'delete'],
    [['modify', 'modify'], 'modify'],
    [['modify', 'delete'], 'delete'],
    [['delete', 'add'], 'modify'],
    [['delete', 'add', 'delete'], 'delete'],
    [['add', 'delete', 'add'], 'add'],
    [['add', 'delete', 'add', 'modify'], 'add'],
    [['modify', 'delete', 'add'], 'modify'],
  ] as const)('%j amounts to %s', (events, amount) => {
    const folded = coalesce(...events.map((event, number) => change(number, 'k.a', event)));
    expect(folded).toHaveLength(1);
    expect(folded[0]).toMatchObject({ change: amount, coalesced: events.length - 1 });
  });

  it('keeps one notification of a key behind a gap as well', () => {
    const queue = queueOf(
      { coalesce: true, maxQueued: 3 },
      change(1, 'k.a'),
      change(1, 'k.b'),
      change(1, 'k.c'),
    );
    queue.push(change(1, 'k.d'));
    expect(queue.shift()).toEqual(change(1, 'k.a'));
    expect(queue.shift()).toEqual(change(1, 'k.b'));
    queue.push(change(2, 'k.c'));
    // The notification of k.c before the gap is read; the one behind it is still the one to fold into.
    expect(queue.shift()).toEqual(change(1, 'k.c'));
    queue.push(change(3, 'k.c'));
    expect(drain(queue).map(valueOf)).toEqual(['1 dropped', 3]);
  });

  it('notices if folding makes a value too large', () => {
    const queue = queueOf({ coalesce: true, maxQueuedBytes: 1500 }, large(10), large(5000), large(20));
    const events = drain(queue);
    expect(events.map((event) => event.kind)).toEqual(['notification', 'overflow', 'notification']);
  });

  it('counts the bytes that folding adds', () => {
    const queue = queueOf({ coalesce: true, maxQueuedBytes: 4600 });
    for (const bytes of [10, 1300]) for (const key of ['k.a', 'k.b', 'k.c']) queue.push(large(bytes, key));
    expect(
      drain(queue).map((event) => (event.kind === 'overflow' ? event.dropped : event.coalesced)),
    ).toEqual([1, 1, 0, 1]);
  });

  it('goes on after thousands of events', () => {
    const queue = queueOf({ coalesce: true });
    for (let i = 0; i < 5000; i++) queue.push(change(1, `k.${i}`));
    for (let i = 0; i < 3000; i++) queue.shift();
    for (let i = 3000; i < 5000; i++) queue.push(change(2, `k.${i}`));
    const events = drain(queue);
    expect(events).toHaveLength(2000);
    expect(events.every((event) => event.kind === 'notification' && event.coalesced === 1)).toBe(true);
    expect(events.map((event) => event.kind === 'notification' && event.key)).toEqual(
      Array.from({ length: 2000 }, (_, i) => `k.${i + 3000}`),
    );
  });
});

describe('NotificationQueue: whatever happens', () => {
  /** The least that a notification costs: the queue's bytes can be reckoned from what comes out. */
  const bytesOf = (event: CmapTrackEvent): number =>
    event.kind === 'notification' && event.newValue?.type === 'binary' ? event.newValue.value.length : 0;

  const script = fc.array(
    fc.oneof(
      {
        weight: 3,
        arbitrary: fc.record({ key: fc.constantFrom('k.a', 'k.b', 'k.c', 'k.d'), bytes: fc.nat(400) }),
      },
      { weight: 2, arbitrary: fc.constant('shift' as const) },
    ),
    { maxLength: 120 },
  );
  const limits = fc.record({
    coalesce: fc.boolean(),
    maxQueued: fc.integer({ min: 1, max: 12 }),
    maxQueuedBytes: fc.integer({ min: 1, max: 3000 }),
  });

  it('every notification is delivered, folded or counted as dropped; order and limits hold', () => {
    fc.assert(
      fc.property(limits, script, (queueLimits, steps) => {
        const queue = new NotificationQueue(queueLimits);
        const out: CmapTrackEvent[] = [];
        let pushed = 0;
        for (const step of steps) {
          if (step === 'shift') {
            const event = queue.shift();
            if (event !== undefined) out.push(event);
            continue;
          }
          pushed += 1;
          const number: CmapNotification['oldValue'] = { type: 'int32', value: pushed };
          queue.push({ ...large(step.bytes, step.key), oldValue: number });
        }
        const rest = drain(queue);
        const notifications = rest.filter((event) => event.kind === 'notification');
        expect(notifications.length).toBeLessThanOrEqual(queueLimits.maxQueued);
        expect(rest.length).toBeLessThanOrEqual(queueLimits.maxQueued + 1);
        expect(rest.reduce((sum, event) => sum + bytesOf(event), 0)).toBeLessThanOrEqual(
          queueLimits.maxQueuedBytes,
        );

        const all = [...out, ...rest];
        const accounted = all.reduce(
          (sum, event) => sum + (event.kind === 'overflow' ? event.dropped : 1 + event.coalesced),
          0,
        );
        expect(accounted).toBe(pushed);
        if (!queueLimits.coalesce)
          expect(all.every((event) => event.kind === 'overflow' || event.coalesced === 0)).toBe(true);
        // The first old value of what a notification stands for tells its place in the order.
        const order = all.flatMap((event) =>
          event.kind === 'notification' ? [Number(event.oldValue?.value)] : [],
        );
        expect(order).toEqual([...order].sort((a, b) => a - b));
        // Two overflows in a row would be one.
        expect(
          all.some(
            (event, i) => event.kind === 'overflow' && all[i + 1]?.kind === 'overflow' && i >= out.length,
          ),
        ).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });

  it('without coalescing the events are those of a list with gaps', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.array(fc.boolean(), { maxLength: 60 }),
        (maxQueued, steps) => {
          const queue = queueOf({ maxQueued });
          const model: (number | { dropped: number })[] = [];
          let number = 0;
          for (const push of steps) {
            if (!push) {
              const event = queue.shift();
              const expected = model.shift();
              const actual = event?.kind === 'overflow' ? { dropped: event.dropped } : event?.newValue?.value;
              expect(actual).toEqual(expected);
              continue;
            }
            number += 1;
            queue.push(change(number));
            const last = model.at(-1);
            if (model.length < maxQueued) model.push(number);
            else if (typeof last === 'object') last.dropped += 1;
            else model.push({ dropped: 1 });
          }
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('coalescing keeps, of each key, an unbroken chain from old to new values between the gaps', () => {
    fc.assert(
      fc.property(
        fc.array(fc.option(fc.constantFrom('k.a', 'k.b', 'k.c'), { nil: 'shift' }), { maxLength: 80 }),
        (steps) => {
          const queue = queueOf({ coalesce: true });
          const current: Record<string, number> = {};
          const seen: Record<string, number> = {};
          const check = (event: CmapTrackEvent | undefined): void => {
            if (event?.kind !== 'notification') return;
            expect(event.oldValue?.value).toBe(seen[event.key] ?? 0);
            seen[event.key] = Number(event.newValue?.value);
          };
          for (const step of steps) {
            if (step === 'shift') {
              check(queue.shift());
              continue;
            }
            const value = (current[step] ?? 0) + 1;
            current[step] = value;
            queue.push(change(value, step));
          }
          const rest = drain(queue);
          expect(new Set(rest.map((event) => event.kind === 'notification' && event.key)).size).toBe(
            rest.length,
          );
          for (const event of rest) check(event);
          expect(seen).toEqual(current);
        },
      ),
      { numRuns: 1000 },
    );
  });
});
