import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CmapEntry, CmapValue } from '../../../src/index.ts';
import { changeOf, Picture, type Change, type Told } from '../../../src/cmap/following/picture.ts';

const uint8 = (value: number): CmapValue => ({ type: 'uint8', value });

function told(key: string, oldValue: number | undefined, newValue: number | undefined): Told {
  const change = {
    key,
    oldValue: oldValue === undefined ? undefined : uint8(oldValue),
    newValue: newValue === undefined ? undefined : uint8(newValue),
  };
  return { ...change, change: changeOf(change) };
}

function pictureOf(entries: Record<string, number>, oldValuesAreTold = true): Picture {
  const picture = new Picture(oldValuesAreTold);
  picture.startReading();
  picture.finishReading(Object.entries(entries).map(([key, value]) => ({ key, value: uint8(value) })));
  return picture;
}

const KEYS = ['a', 'b', 'c'] as const;

/** One step of the world: corosync changes a key, an answer to a read of a key is made, or a notification arrives here. */
type Step =
  | { readonly kind: 'change'; readonly key: string; readonly value: number | undefined }
  | { readonly kind: 'read'; readonly key: string }
  | { readonly kind: 'arrive' };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('change' as const),
    key: fc.constantFrom(...KEYS),
    value: fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined }),
  }),
  fc.record({ kind: fc.constant('read' as const), key: fc.constantFrom(...KEYS) }),
  fc.record({ kind: fc.constant('arrive' as const) }),
);

/** corosync, whose notifications and answers take ways of their own. */
class World {
  readonly values = new Map<string, number>();
  readonly history = new Map<string, (number | undefined)[]>(KEYS.map((key) => [key, [undefined]]));
  readonly onTheWay: Told[] = [];

  change(key: string, value: number | undefined): void {
    const old = this.values.get(key);
    if (old === value) return;
    if (value === undefined) this.values.delete(key);
    else this.values.set(key, value);
    this.history.get(key)?.push(value);
    this.onTheWay.push(told(key, old, value));
  }
}

/** What a reader has been told of one key: its value in the snapshot, and every one after that. */
class Reader {
  readonly sequences = new Map<string, (number | undefined)[]>();

  snapshot(changes: readonly Change[]): void {
    for (const key of KEYS) this.sequences.set(key, [undefined]);
    for (const { key, newValue } of changes) this.sequences.set(key, [newValue?.value as number | undefined]);
  }

  change(change: Change | undefined): void {
    if (change === undefined) return;
    const sequence = this.sequences.get(change.key) ?? [];
    expect(change.oldValue?.value).toBe(sequence.at(-1));
    sequence.push(change.newValue?.value as number | undefined);
  }
}

describe('the picture of a follower', () => {
  it('is right in the end, whatever comes first: a snapshot, then every later change of a key, in order', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 30 }),
        fc.array(step, { maxLength: 30 }),
        fc.array(step, { maxLength: 20 }),
        (before, during, after) => {
          const world = new World();
          const picture = new Picture(true);
          const reader = new Reader();
          const read = new Map<string, CmapValue>();
          const seen = new Set<string>();
          let reading = false;
          const run = (what: Step): void => {
            if (what.kind === 'change') world.change(what.key, what.value);
            if (what.kind === 'read' && reading && !seen.has(what.key)) {
              seen.add(what.key);
              const value = world.values.get(what.key);
              if (value !== undefined) read.set(what.key, uint8(value));
            }
            const arrived = what.kind === 'arrive' ? world.onTheWay.shift() : undefined;
            if (arrived !== undefined) reader.change(picture.tell(arrived));
          };
          for (const what of before) if (what.kind === 'change') run(what);
          world.onTheWay.splice(0); // there was no tracker yet
          picture.startReading();
          reading = true;
          for (const what of during) run(what);
          for (const key of KEYS) run({ kind: 'read', key });
          const entries: CmapEntry[] = [...read].map(([key, value]) => ({ key, value }));
          reader.snapshot(picture.finishReading(entries));
          for (const what of after) run(what);
          while (world.onTheWay.length > 0) run({ kind: 'arrive' });
          for (const key of KEYS) {
            const history = world.history.get(key) ?? [];
            const sequence = reader.sequences.get(key) ?? [];
            expect(history.slice(history.length - sequence.length), key).toEqual(sequence);
            expect(picture.values.get(key)?.value, key).toBe(world.values.get(key));
          }
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('takes the latest news for more than what was read', () => {
    const picture = new Picture(true);
    picture.startReading();
    expect(picture.tell(told('a', 1, 2))).toBeUndefined();
    expect(picture.tell(told('b', 1, undefined))).toBeUndefined();
    const entries = [
      { key: 'a', value: uint8(1) },
      { key: 'b', value: uint8(1) },
    ];
    expect(picture.finishReading(entries)).toEqual([{ key: 'a', oldValue: undefined, newValue: uint8(2) }]);
  });

  it('tells how a new reading differs from what it remembers, sorted', () => {
    const picture = pictureOf({ b: 1, gone: 2, same: 3 });
    picture.startReading();
    const entries = { same: 3, b: 2, a: 1 };
    expect(
      picture.finishReading(Object.entries(entries).map(([key, value]) => ({ key, value: uint8(value) }))),
    ).toEqual([
      { key: 'a', oldValue: undefined, newValue: uint8(1) },
      { key: 'b', oldValue: uint8(1), newValue: uint8(2) },
      { key: 'gone', oldValue: uint8(2), newValue: undefined },
    ]);
    expect([...picture.values.keys()].sort()).toEqual(['a', 'b', 'same']);
  });

  it('suspects a key that goes on without what is known of it, until it is read again', () => {
    const picture = pictureOf({ a: 1 });
    expect(picture.tell(told('a', 7, 8))).toBeUndefined();
    expect([...picture.suspects]).toEqual(['a']);
    expect(picture.finishCorrection(picture.startCorrection('a'), uint8(9))).toEqual({
      usable: true,
      change: { key: 'a', oldValue: uint8(1), newValue: uint8(9) },
    });
    expect([...picture.suspects]).toEqual([]);
  });

  it('does not take the answer of a reading that a notification has overtaken', () => {
    const picture = pictureOf({ a: 5 });
    const reading = picture.startCorrection('a');
    picture.tell(told('a', 5, 6));
    expect(picture.finishCorrection(reading, uint8(5))).toEqual({ usable: false });
    expect(picture.values.get('a')).toEqual(uint8(6));
  });

  it('does not take it either if the key is being read a second time by then', () => {
    const picture = pictureOf({ a: 5 });
    const first = picture.startCorrection('a');
    picture.tell(told('a', 5, 6));
    const second = picture.startCorrection('a');
    expect(picture.finishCorrection(first, uint8(5))).toEqual({ usable: false });
    expect(picture.finishCorrection(second, uint8(6))).toEqual({ usable: true, change: undefined });
    expect(picture.values.get('a')).toEqual(uint8(6));
  });

  it('goes on suspecting a key after a notification that happens to fit', () => {
    const picture = pictureOf({ a: 1 });
    picture.tell(told('a', 7, 8));
    picture.tell(told('a', 1, 2));
    expect([...picture.suspects]).toEqual(['a']);
  });

  it('suspects no key, and trusts it again, when it is told the value that is known', () => {
    const picture = pictureOf({ a: 1 });
    expect(picture.tell(told('a', 7, 1))).toBeUndefined();
    expect([...picture.suspects]).toEqual([]);
    picture.tell(told('a', 7, 8));
    picture.tell(told('a', 8, 1));
    expect([...picture.suspects]).toEqual([]);
  });

  it('takes each of several answers about a key that nothing has overtaken', () => {
    const picture = pictureOf({ a: 1 });
    const readings = [picture.startCorrection('a'), picture.startCorrection('a')] as const;
    expect(picture.finishCorrection(readings[0], uint8(2))).toMatchObject({ usable: true });
    expect(picture.finishCorrection(readings[1], uint8(2))).toEqual({ usable: true, change: undefined });
    expect(picture.finishCorrection(readings[1], uint8(3))).toEqual({ usable: false });
  });

  it('takes no answer that was asked for before the map is read again', () => {
    const picture = pictureOf({ a: 1 });
    const reading = picture.startCorrection('a');
    picture.startReading();
    expect(picture.finishCorrection(reading, uint8(2))).toEqual({ usable: false });
    expect(picture.finishReading([{ key: 'a', value: uint8(3) }])).toMatchObject([{ newValue: uint8(3) }]);
  });

  it('takes what is read of one key while the map is read for news', () => {
    const picture = pictureOf({ a: 1 });
    picture.startReading();
    expect(picture.finishCorrection(picture.startCorrection('a'), uint8(2))).toEqual({ usable: true });
    expect(picture.values.get('a')).toEqual(uint8(1));
    const entries = [{ key: 'a', value: uint8(1) }];
    expect(picture.finishReading(entries)).toEqual([{ key: 'a', oldValue: uint8(1), newValue: uint8(2) }]);
  });

  it('believes a change that comes without its old value', () => {
    const picture = pictureOf({ a: 1 });
    expect(picture.tell({ change: 'modify', key: 'a', oldValue: undefined, newValue: uint8(2) })).toEqual({
      key: 'a',
      oldValue: uint8(1),
      newValue: uint8(2),
    });
    expect(picture.suspects.size).toBe(0);
  });

  it('remembers the old values of the stats map, which tells the new one twice, also of a key that goes', () => {
    const picture = pictureOf({ a: 1 }, false);
    expect(picture.tell({ change: 'modify', key: 'a', oldValue: uint8(2), newValue: uint8(2) })).toEqual({
      key: 'a',
      oldValue: uint8(1),
      newValue: uint8(2),
    });
    expect(picture.tell({ change: 'delete', key: 'a', oldValue: uint8(2), newValue: uint8(2) })).toEqual({
      key: 'a',
      oldValue: uint8(2),
      newValue: undefined,
    });
    expect(picture.values.size).toBe(0);
  });
});
