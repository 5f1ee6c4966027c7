import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CmapFollower, ConnectionError, type CmapValue } from '../../../src/index.ts';
import { FollowQueue, type Landmark, type Queued } from '../../../src/cmap/following/follow-queue.ts';
import type { Change } from '../../../src/cmap/following/picture.ts';
import { costOfChange } from '../../../src/cmap/values/memory-cost.ts';
import { sameValue } from '../../../src/cmap/following/same-value.ts';

const ROOMY = { maxQueued: 1000, maxQueuedBytes: 1_000_000 };
const uint8 = (value: number): CmapValue => ({ type: 'uint8', value });

const follower = { key: 'k' } as CmapFollower;
const SNAPSHOT: Landmark = { kind: 'snapshot', entries: [], follower };
const LOST: Landmark = {
  kind: 'lost',
  error: new ConnectionError('CS_ERR_LIBRARY', { operation: 'connection' }),
  follower,
};
const RESYNCED: Landmark = { kind: 'resynced', changes: 0, follower };

/** A map that changes, and tells the queue so. */
class Source {
  readonly values = new Map<string, CmapValue>();
  readonly queue: FollowQueue;

  constructor(limits = ROOMY) {
    this.queue = new FollowQueue(limits, this.values);
  }

  set(key: string, newValue: CmapValue | undefined): void {
    const oldValue = this.values.get(key);
    if (sameValue(oldValue, newValue)) return;
    if (newValue === undefined) this.values.delete(key);
    else this.values.set(key, newValue);
    this.queue.pushChange({ key, oldValue, newValue }, false);
  }

  drain(): Queued[] {
    const read: Queued[] = [];
    for (let next = this.queue.shift(); next !== undefined; next = this.queue.shift()) read.push(next);
    return read;
  }
}

const summary = (queued: Queued): unknown => {
  if (queued.kind === 'overflow') return `overflow ${queued.dropped}`;
  if (queued.kind === 'landmark') return queued.event.kind;
  const { key, oldValue, newValue }: Change = queued.change;
  return `${queued.synthetic ? '*' : ''}${key} ${String(oldValue?.value)}->${String(newValue?.value)}`;
};

describe('the queue of a follower', () => {
  it('gives everything in order while its reader keeps up', () => {
    const source = new Source();
    source.queue.pushLandmark(SNAPSHOT);
    source.set('a', uint8(1));
    source.set('a', uint8(2));
    source.queue.pushLandmark(LOST);
    expect(source.drain().map(summary)).toEqual(['snapshot', 'a undefined->1', 'a 1->2', 'lost']);
    expect(source.queue.shift()).toBeUndefined();
  });

  it('beyond its limit gives an overflow, then what is different from what was told last', () => {
    const source = new Source({ ...ROOMY, maxQueued: 2 });
    source.set('a', uint8(1));
    source.set('b', uint8(1));
    source.set('a', uint8(2)); // from here on it lags
    source.set('a', uint8(3));
    source.set('b', undefined);
    source.set('c', uint8(1)); // comes and goes: nothing to tell
    source.set('c', undefined);
    expect(source.drain().map(summary)).toEqual([
      'a undefined->1',
      'b undefined->1',
      'overflow 5',
      '*a 1->3',
      '*b 1->undefined',
    ]);
    source.set('a', uint8(4));
    expect(source.drain().map(summary)).toEqual(['a 3->4']);
  });

  describe('whose reader lags while corosync is lost and comes back', () => {
    const lagging = (): Source => {
      const source = new Source({ ...ROOMY, maxQueued: 1 });
      source.set('a', uint8(1));
      return source;
    };

    it('says nothing of a loss that is over, and nobody had heard of', () => {
      const source = lagging();
      source.queue.pushLandmark(LOST);
      source.set('a', uint8(2));
      source.queue.pushLandmark(RESYNCED);
      expect(source.drain().map(summary)).toEqual(['a undefined->1', 'overflow 1', '*a 1->2']);
    });

    it('tells of a loss that lasts, once', () => {
      const source = lagging();
      source.queue.pushLandmark(LOST);
      expect(source.drain().map(summary)).toEqual(['a undefined->1', 'lost']);
      source.queue.pushLandmark(RESYNCED);
      source.set('a', uint8(2));
      source.queue.pushLandmark(LOST);
      expect(source.drain().map(summary)).toEqual(['resynced', 'overflow 1', '*a 1->2', 'lost']);
    });

    it('tells that a loss is over of which its reader has heard', () => {
      const source = new Source({ ...ROOMY, maxQueued: 1 });
      source.queue.pushLandmark(LOST);
      source.set('a', uint8(1));
      source.set('b', uint8(1));
      source.queue.pushLandmark(RESYNCED);
      const told = source.drain();
      expect(told.map(summary)).toEqual([
        'lost',
        'overflow 2',
        '*a undefined->1',
        '*b undefined->1',
        'resynced',
      ]);
    });
  });

  it('tells what a lagging reader has missed when he has read the rest, and not before', () => {
    const source = new Source({ ...ROOMY, maxQueued: 2 });
    source.set('a', uint8(1));
    source.set('b', uint8(1));
    source.set('c', uint8(1));
    const first = source.queue.shift();
    // There is room, but behind what is missing.
    source.set('c', uint8(2));
    source.queue.pushLandmark(LOST);
    const read = [...(first === undefined ? [] : [first]), ...source.drain()];
    expect(read.map(summary)).toEqual([
      'a undefined->1',
      'b undefined->1',
      'overflow 2',
      '*c undefined->2',
      'lost',
    ]);
  });

  it('does not tell of a loss again that its reader has heard of, though another one came after it', () => {
    const source = new Source({ ...ROOMY, maxQueued: 1 });
    source.queue.pushLandmark(LOST);
    source.queue.pushLandmark(RESYNCED);
    source.queue.pushLandmark(LOST);
    expect(source.drain().map(summary)).toEqual(['lost']);
  });

  it('tells no difference where there is none any more, whoever has changed it back', () => {
    const source = new Source({ ...ROOMY, maxQueued: 1 });
    source.set('a', uint8(1));
    source.set('a', uint8(2));
    // It was a change that nobody wants to hear of.
    source.values.set('a', uint8(1));
    expect(source.drain().map(summary)).toEqual(['a undefined->1', 'overflow 1']);
  });

  it('forgets everything when it is cleared, what was missed too', () => {
    const text = (letter: string): CmapValue => ({ type: 'string', value: letter.repeat(300) });
    const source = new Source({ maxQueued: 2, maxQueuedBytes: 1100 });
    for (const letter of ['x', 'y', 'z']) source.set(letter, text(letter));
    source.queue.clear();
    expect(source.queue.shift()).toBeUndefined();
    source.set('a', text('a'));
    source.set('b', text('b'));
    expect(source.drain().map(({ kind }) => kind)).toEqual(['change', 'change']);
  });

  it('counts the bytes of what is unread, after an overflow too', () => {
    const source = new Source({ maxQueued: 1000, maxQueuedBytes: 1100 });
    const text = (letter: string): CmapValue => ({ type: 'string', value: letter.repeat(300) });
    for (let round = 0; round < 5; round++) {
      source.set('a', text('abcde'.charAt(round)));
      expect(source.drain().map(({ kind }) => kind)).toEqual(['change']);
    }
    for (let round = 0; round < 3; round++) {
      for (const key of ['a', 'b', 'c', 'd']) source.set(`${key}${round}`, text('x'));
      const kinds = ['change', 'change', 'overflow', 'change', 'change'];
      expect(source.drain().map(({ kind }) => kind)).toEqual(kinds);
    }
  });

  it('takes what fits to the byte', () => {
    const change: Change = { key: 'a', oldValue: undefined, newValue: uint8(1) };
    const kinds = [0, 1].map((missing) => {
      const source = new Source({ maxQueued: 1000, maxQueuedBytes: costOfChange(change) - missing });
      source.set('a', uint8(1));
      return source.drain().map(({ kind }) => kind);
    });
    expect(kinds).toEqual([['change'], ['overflow', 'change']]);
  });

  it('counts bytes, too', () => {
    const source = new Source({ maxQueued: 1000, maxQueuedBytes: 1100 });
    for (let i = 0; i < 10; i++) source.set(`k${i}`, { type: 'string', value: 'x'.repeat(300) });
    const read = source.drain();
    expect(read.slice(0, 3).map(({ kind }) => kind)).toEqual(['change', 'change', 'overflow']);
    expect(read).toHaveLength(11);
  });

  it('holds no more than its limits and one entry for each key, however long its reader sleeps', () => {
    const source = new Source({ ...ROOMY, maxQueued: 10 });
    for (let i = 0; i < 10_000; i++) {
      source.set(`gone${i}`, uint8(1));
      source.set(`gone${i}`, undefined);
      source.set('a', uint8(i % 256));
    }
    expect(source.drain().length).toBeLessThanOrEqual(10 + 1 + 5);
  });

  it('leaves its reader with the picture that holds, and never tells a change from another value than the last one told', () => {
    const operation = fc.oneof(
      fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.option(fc.integer({ min: 0, max: 2 }), { nil: undefined })),
      fc.constant('read' as const),
    );
    fc.assert(
      fc.property(
        fc.array(operation, { maxLength: 60 }),
        fc.integer({ min: 1, max: 5 }),
        (operations, maxQueued) => {
          const source = new Source({ ...ROOMY, maxQueued });
          const reader = new Map<string, CmapValue>();
          const read = (queued: Queued | undefined): void => {
            if (queued?.kind !== 'change') return;
            const { key, oldValue, newValue } = queued.change;
            expect(sameValue(reader.get(key), oldValue)).toBe(true);
            expect(sameValue(newValue, oldValue)).toBe(false);
            if (newValue === undefined) reader.delete(key);
            else reader.set(key, newValue);
          };
          for (const what of operations) {
            if (what === 'read') read(source.queue.shift());
            else source.set(what[0], what[1] === undefined ? undefined : uint8(what[1]));
          }
          for (const queued of source.drain()) read(queued);
          expect(reader).toEqual(source.values);
        },
      ),
      { numRuns: 2000 },
    );
  });
});
