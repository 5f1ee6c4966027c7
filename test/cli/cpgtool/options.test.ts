import { describe, expect, it, test } from 'vitest';
import { parseArguments } from '../../../src/cli/cpgtool/options.ts';

const PLAIN = { delimiter: '', raw: false, namesOnly: false };
const parse = (...words: string[]): unknown => parseArguments(words, false);

describe('parseArguments', () => {
  test.each([
    [[], PLAIN],
    [['-n', 'words'], { ...PLAIN, namesOnly: true }],
    [['-en'], { ...PLAIN, raw: true, namesOnly: true }],
    [['-d', ';-;'], { ...PLAIN, delimiter: ';' }],
    [['-d:', '-d', ''], { ...PLAIN, delimiter: ':' }],
    [['-d', '-n'], { ...PLAIN, delimiter: '-' }],
    [['--', '-n'], PLAIN],
  ])('takes %j', (words, options) => {
    expect(parse(...words)).toEqual({ kind: 'run', options });
  });

  it('ends at the first help or mistake', () => {
    expect(parse('-n', '-h', '-x')).toEqual({ kind: 'help' });
    expect(parse('-x', '-h')).toEqual({ kind: 'error', message: "cpgtool: invalid option -- 'x'" });
    expect(parse('-d')).toEqual({ kind: 'error', message: "cpgtool: option requires an argument -- 'd'" });
    expect(parse('--help')).toEqual({ kind: 'error', message: "cpgtool: invalid option -- '-'" });
  });
});
