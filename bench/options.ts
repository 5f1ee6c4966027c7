import { parseArgs } from 'node:util';
import { resolve } from 'node:path';
import { parsedOrExit } from '../test/helpers/parsed-or-exit.ts';

export interface BenchOptions {
  readonly quick: boolean;
  /** Measured rounds of each row; every round runs all contenders. */
  readonly rounds: number;
  /** The rows asked for; all, if empty. */
  readonly rows: readonly string[];
  readonly jsonFile: string | undefined;
  /** The build of our client to measure. */
  readonly dist: string;
}

const DEFAULT_ROUNDS = 9;
const QUICK_ROUNDS = 3;

/** The same as bench/run.sh prints. */
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
      rows: { type: 'string', default: '' },
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
    rows: values.rows.split(',').filter((name) => name !== ''),
    jsonFile: values.json,
    dist: resolve(values.dist),
  };
}
