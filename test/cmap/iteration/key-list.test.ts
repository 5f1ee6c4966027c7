import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeyList } from '../../../src/cmap/iteration/key-list.ts';
import type { CmapKeyInfo } from '../../../src/index.ts';

const infoOf = (key: string): CmapKeyInfo => ({ key, type: 'uint8', valueLength: 1 });

function listOf(keys: readonly string[]): string[] {
  const list = new KeyList();
  for (const key of keys) list.add(infoOf(key));
  expect(list.keys()).toHaveLength(list.size);
  return list.keys().map(({ key }) => key);
}

describe('a list of keys', () => {
  it('is what it was given, if that is sorted', () => {
    expect(listOf([])).toEqual([]);
    expect(listOf(['a', 'a.b', 'a.c', 'b'])).toEqual(['a', 'a.b', 'a.c', 'b']);
  });

  it('has a stretch once that came twice', () => {
    expect(listOf(['k1', 'k2', 'k5', 'k2', 'k3', 'k5', 'k6', 'k5'])).toEqual(['k1', 'k2', 'k3', 'k5', 'k6']);
  });

  it('has each key once, sorted, whatever comes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '.', 'Z', '_'), minLength: 1 })),
        (keys) => {
          expect(listOf(keys)).toEqual([...new Set(keys)].sort());
        },
      ),
    );
  });
});
