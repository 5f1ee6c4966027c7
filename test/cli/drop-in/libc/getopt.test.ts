import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { getopt, type LongOption } from '../../../../src/cli/drop-in/libc/getopt.ts';

/** Options as "b" or "p=file", errors as "!message", operands behind a "|". */
function trace(words: readonly string[], posixlyCorrect = false, long: readonly LongOption[] = []): string[] {
  const items = getopt(words, { letters: 'bqp:m:', long, posixlyCorrect });
  const seen: string[] = [];
  for (;;) {
    const item = items.next();
    if (item.done === true) return [...seen, '|', ...item.value];
    if (item.value.kind === 'error') seen.push(`!${item.value.message}`);
    else seen.push(item.value.letter + (item.value.argument === '' ? '' : `=${item.value.argument}`));
  }
}

describe('getopt', () => {
  test.each([
    ['', '|'],
    ['-b', 'b |'],
    ['-bq', 'b q |'],
    ['-b key -q', 'b q | key'],
    ['key -- -q', '| key -q'],
    ['a -b b -q c', 'b q | a b c'],
    ['-- -- -b', '| -- -b'],
    ['-', '| -'],
    ['-b - -q', 'b q | -'],
    ['-pfile', 'p=file |'],
    ['-p file', 'p=file |'],
    ['-bpfile x', 'b p=file | x'],
    ['-pb', 'p=b |'],
    ['-p -b', 'p=-b |'],
    ['-p --', 'p=-- |'],
    ['-p -- x', 'p=-- | x'],
    ['-x', "!invalid_option_--_'x' |"],
    ['-bxq', "b !invalid_option_--_'x' q |"],
    ['-:', "!invalid_option_--_':' |"],
    ['-p', "!option_requires_an_argument_--_'p' |"],
    ['-bp', "b !option_requires_an_argument_--_'p' |"],
    ['--b', "!invalid_option_--_'-' b |"],
    ['-b-', "b !invalid_option_--_'-' |"],
  ])('%j', (line, expected) => {
    const words = line.split(' ').filter((word) => word !== '');
    expect(trace(words).map((item) => item.replaceAll(' ', '_'))).toEqual(expected.split(' '));
  });

  it('stops at the first operand if it has to be POSIX', () => {
    expect(trace(['-b', 'key', '-q'], true)).toEqual(['b', '|', 'key', '-q']);
    expect(trace(['-b', '--', '-q'], true)).toEqual(['b', '|', '-q']);
  });

  it('takes an empty word as an operand or an argument', () => {
    expect(trace(['', '-b'])).toEqual(['b', '|', '']);
    expect(trace(['-p', '', '-b'])).toEqual(['p', 'b', '|']);
  });

  it('loses no operand and keeps their order', () => {
    const word = fc.constantFrom('-b', '-q', '-bq', 'one', 'two', '-', '-pfile');
    fc.assert(
      fc.property(fc.array(word), (words) => {
        const items = trace(words);
        const operands = words.filter((w) => !w.startsWith('-') || w === '-');
        expect(items.slice(items.indexOf('|') + 1)).toEqual(operands);
      }),
    );
  });
});

describe('getopt_long', () => {
  const LONG = [
    { name: 'brief', argument: false, letter: 'b' },
    { name: 'path', argument: true, letter: 'p' },
    { name: 'paths', argument: false, letter: 'q' },
    { name: 'yes', argument: false, letter: 'yes', whole: true },
  ];

  test.each([
    ['--brief', 'b |'],
    ['--b -q', 'b q |'],
    ['--path=file x', 'p=file | x'],
    ['--path file x', 'p=file | x'],
    ['--path --brief', 'p=--brief |'],
    ['--path= x', 'p | x'],
    ['--paths', 'q |'],
    ['--pat', "!option_'--pat'_is_ambiguous;_possibilities:_'--path'_'--paths' |"],
    ['--path', "!option_'--path'_requires_an_argument |"],
    ['--brief=1', "!option_'--brief'_doesn't_allow_an_argument |"],
    ['--none=1 -b', "!unrecognized_option_'--none=1' b |"],
    ['--yes', 'yes |'],
    ['--ye', "!unrecognized_option_'--ye' |"],
    ['-- --brief', '| --brief'],
  ])('%j', (line, expected) => {
    const seen = trace(line.split(' '), false, LONG);
    expect(seen.map((item) => item.replaceAll(' ', '_'))).toEqual(expected.split(' '));
  });

  it('leaves all but a word of ours to getopt', () => {
    const ours = LONG.slice(-1);
    expect(trace(['--yes', 'x'], false, ours)).toEqual(['yes', '|', 'x']);
    expect(trace(['--b'], false, ours)).toEqual(["!invalid option -- '-'", 'b', '|']);
    expect(trace(['-p', '--yes'], false, ours)).toEqual(['p=--yes', '|']);
  });
});
