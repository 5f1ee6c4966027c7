import { parseArgs } from 'node:util';
import { resolve } from 'node:path';
import { parsedOrExit } from '../test/helpers/parsed-or-exit.ts';
import type { BenchOptions } from './bench.ts';
import { ROWS } from './rows/index.ts';

const DEFAULT_ROUNDS = 9;
const QUICK_ROUNDS = 3;

const USAGE =
  'usage: npm run bench -- [--quick] [--rounds N] [--rows NAME,NAME] [--json FILE] [--dist DIRECTORY]';

/** Ends the process with exit code 2, after a word on what is wrong, if the words are no options. */
export function optionsOrExit(words: readonly string[]): BenchOptions {
  return parsedOrExit(USAGE, words, parseOptions);
}

/** Throws an error whose message says what is wrong with the words. */
function parseOptions(words: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...words],
    options: {
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      rows: { type: 'string' },
      json: { type: 'string' },
      dist: { type: 'string', default: 'build/bench/dist' },
    },
  });
  const rounds = Number(values.rounds ?? (values.quick ? QUICK_ROUNDS : DEFAULT_ROUNDS));
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new Error(`--rounds takes a number from 1 on, not ${String(values.rounds)}`);
  return {
    quick: values.quick,
    rounds,
    rows: rowNames(values.rows),
    jsonFile: values.json,
    dist: resolve(values.dist),
  };
}

function rowNames(words: string | undefined): readonly string[] {
  const all = [...ROWS.keys()];
  if (words === undefined) return all;
  const names = words.split(',');
  const unknown = names.find((name) => !ROWS.has(name));
  if (unknown !== undefined) throw new Error(`there is no row "${unknown}"; there are ${all.join(', ')}`);
  return names;
}
