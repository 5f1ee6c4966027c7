import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CmapValue } from '../../src/index.ts';
import { FollowQueue, type Queued } from '../../src/session/follow-queue.ts';
import type { Change } from '../../src/session/picture.ts';
import { sameValue } from '../../src/session/same-value.ts';

const ROOMY = { maxQueued: 1000, maxQueuedBytes: 1_000_000 };
const uint8 = (value: number): CmapValue => ({ type: 'uint8', value });

/** A map that changes, and tells the queue so. */
class Source {
  readonly values = new Map<string, CmapValue>();
  readonly queue: FollowQueue<string>;

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

  drain(): Queued<string>[] {
    const read: Queued<string>[] = [];
    for (let next = this.queue.shift(); next !== undefined; next = this.queue.shift()) read.push(next);
    return read;
  }
}

const summary = (queued: Queued<string>): unknown => {
  if (queued.kind === 'overflow') return `overflow ${queued.dropped}`;
  if (queued.kind === 'other') return queued.event;
  const { key, oldValue, newValue }: Change = queued.change;
  return `${queued.synthetic ? '*' : ''}${key} ${String(oldValue?.value)}->${String(newValue?.value)}`;
};

describe('the queue of a follower', () => {
  it('gives everything in order while its reader keeps up', () => {
    const source = new Source();
    source.queue.pushOther('snapshot');
    source.set('a', uint8(1));
    source.set('a', uint8(2));
    source.queue.pushOther('lost');
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

  it('tells only the last of the other events that fell into a lag', () => {
    const source = new Source({ ...ROOMY, maxQueued: 1 });
    source.set('a', uint8(1));
    source.queue.pushOther('lost');
    source.queue.pushOther('resynced');
    source.set('a', uint8(2));
    expect(source.drain().map(summary)).toEqual(['a undefined->1', 'overflow 3', '*a 1->2', 'resynced']);
  });

  it('counts bytes, too', () => {
    const source = new Source({ maxQueued: 1000, maxQueuedBytes: 1000 });
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
          const read = (queued: Queued<string> | undefined): void => {
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
