import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { costOfChange } from '../../../src/cmap/values/memory-cost.ts';
import type { CmapValue } from '../../../src/codec/cmap/value.ts';

const run = promisify(execFile);
const PROGRAM = fileURLToPath(new URL('../../helpers/memory/memory-cost-main.ts', import.meta.url));

/** Type on the wire, and the old and new value in hex. */
const VALUES: Readonly<Record<string, readonly [number, string]>> = {
  uint32: [6, '01000000'],
  uint64: [8, 'ffffffffffffffff'],
  double: [10, '000000000000f83f'],
  'a short text': [11, `${'61'.repeat(10)}00`],
  'a text': [11, `${'61'.repeat(1000)}00`],
  'a text that is not Latin-1': [11, `${'e282ac'.repeat(1000)}00`],
  'a text that is not UTF-8': [11, `${'61'.repeat(100)}ff00`],
  'no bytes': [12, ''],
  'a few bytes': [12, '61'.repeat(10)],
  bytes: [12, '61'.repeat(1000)],
  'many bytes': [12, '61'.repeat(5000)],
  'an unknown type': [13, ''],
};

describe('what an unread change counts for', () => {
  it('is what it takes in memory, whatever its values', async () => {
    const node = ['--expose-gc', '--import', 'tsx', PROGRAM, JSON.stringify(Object.values(VALUES))];
    const { stdout } = await run(process.execPath, node);
    const measured = JSON.parse(stdout) as { taken: number; counted: number }[];
    const ratios = Object.keys(VALUES).map((what, i) => ({
      what,
      ratio: (measured[i]?.counted ?? NaN) / (measured[i]?.taken ?? NaN),
    }));
    // Node does not tell what it takes outside of the heap for each buffer: there more may be counted.
    expect(ratios.filter(({ ratio }) => !(ratio > 0.7 && ratio < 3))).toEqual([]);
  });

  it('is nothing for a value that is not there', () => {
    const uint8 = { type: 'uint8', value: 1 } as const;
    const cost = (key: string, newValue: typeof uint8 | undefined): number =>
      costOfChange({ key, newValue, oldValue: undefined });
    expect(cost('k', uint8)).toBeGreaterThan(cost('k', undefined));
    expect(cost('key', undefined) - cost('k', undefined)).toBe(2);
  });

  const costOf = (newValue: CmapValue, oldValue?: CmapValue): number =>
    costOfChange({ key: 'k', newValue, oldValue });
  const text = (value: string, bytes?: Uint8Array): CmapValue => ({
    type: 'string',
    value,
    ...(bytes && { bytes }),
  });
  const binary = (length: number): CmapValue => ({ type: 'binary', value: new Uint8Array(length) });
  const unknown = (length: number): CmapValue => ({
    type: 'unknown',
    typeCode: 44,
    value: new Uint8Array(length),
  });

  it('counts both values', () => {
    const [value, old] = [text('x'.repeat(100)), binary(100)];
    const nothing = costOfChange({ key: 'k', newValue: undefined, oldValue: undefined });
    expect(costOf(value, old) - nothing).toBe(costOf(value) - nothing + costOf(old) - nothing);
  });

  it('counts each character of a text: one byte, or two in a text that is not all Latin-1', () => {
    expect(costOf(text('\xff'.repeat(1000))) - costOf(text(''))).toBe(1000);
    expect(costOf(text('€'.repeat(1000))) - costOf(text(''))).toBe(2000);
    expect(costOf(text(`€${'x'.repeat(999)}`)) - costOf(text(''))).toBe(2000);
  });

  it('counts each byte, and what an array of bytes takes beside them', () => {
    for (const of of [binary, unknown]) {
      expect(costOf(of(1000)) - costOf(of(0))).toBe(1000);
      expect(costOf(of(0))).toBeGreaterThan(costOf(text('')));
    }
    expect(costOf(text('', new Uint8Array(1000))) - costOf(text('', new Uint8Array()))).toBe(1000);
    expect(costOf(text('', new Uint8Array()))).toBeGreaterThan(costOf(text('')));
  });
});
