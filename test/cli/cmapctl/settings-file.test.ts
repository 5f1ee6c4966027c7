import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { LineCutter, parseSetting } from '../../../src/cli/cmapctl/settings-file.ts';

function cut(...chunks: string[]): string[] {
  const cutter = new LineCutter();
  const lines = chunks.flatMap((chunk) => cutter.feed(chunk));
  return [...lines, ...cutter.end()];
}

describe('LineCutter', () => {
  it('cuts at newlines, and every 1023 bytes', () => {
    expect(cut('a\nb\n')).toEqual(['a\n', 'b\n']);
    expect(cut('a\nb')).toEqual(['a\n', 'b']);
    expect(cut('')).toEqual([]);
    const full = 'x'.repeat(1023);
    expect(cut(`${full}\n`)).toEqual([full, '\n']);
    expect(cut(`${full.slice(1)}\n`)).toEqual([`${full.slice(1)}\n`]);
    expect(cut(`${full}${full}y\nz`)).toEqual([full, full, 'y\n', 'z']);
  });

  it('does not care how the stream is chunked, and loses nothing', () => {
    const word = fc.oneof(
      fc.constantFrom('\n', 'ab', ' '),
      fc.integer({ min: 1000, max: 1100 }).map((n) => 'x'.repeat(n)),
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 20 }), fc.array(fc.nat(3000)), (words, cuts) => {
        const text = words.join('');
        const places = [0, ...cuts.sort((a, b) => a - b), text.length];
        const chunks = places
          .slice(1)
          .map((end, index) => text.slice(places[index], Math.max(end, places[index] ?? 0)));
        expect(cut(...chunks)).toEqual(cut(text));
        expect(cut(text).join('')).toBe(text);
        for (const line of cut(text)) expect(line.length).toBeLessThanOrEqual(1023);
      }),
    );
  });
});

describe('parseSetting', () => {
  test.each([
    ['key u8 1\n', 'set key u8 1'],
    ['  \t key   u8  1 \n', 'set key u8 1'],
    ['key str one two three\n', 'set key str one'],
    ['key str x\r\n', 'set key str x\r'],
    ['key # comment\n', 'set key # comment'],
    ['key u8 1', 'set key u8 1'],
    ['key u8 1\0more\n', 'set key u8 1'],
    ['key\tu8\t1\n', 'incomplete key\tu8\t1'],
    ['key\n', 'incomplete key'],
    ['key u8\n', 'incomplete key'],
    ['\r\n', 'incomplete \r'],
    ['   ', 'incomplete (null)'],
    ['\0key u8 1\n', 'incomplete (null)'],
    ['^key\n', 'delete key'],
    ['^key u8 1\n', 'delete key'],
    ['^\n', 'delete '],
    ['^ key\n', 'delete '],
    ['^^prefix.\n', 'delete-prefix prefix.'],
    ['^^^x\n', 'delete-prefix ^x'],
    ['^^\n', 'delete-prefix '],
    ['# comment\n', undefined],
    [' \t# comment\n', undefined],
    ['#', undefined],
    ['\n', undefined],
    [' \t \n', undefined],
  ])('%j', (line, expected) => {
    const setting = parseSetting(line);
    expect(setting && Object.values(setting).join(' ')).toBe(expected);
  });
});
