import { parseArgs } from 'node:util';
import { parsedOrExit } from '../test/helpers/parsed-or-exit.ts';

export interface SoakOptions {
  readonly minutes: number;
  /** The same seed makes the same choices; what comes of them depends on timing. */
  readonly seed: number;
  readonly transport: 'shm' | 'socket';
  readonly jsonFile: string | undefined;
}

const USAGE = 'usage: npm run soak -- [--minutes N] [--seed S] [--transport shm|socket] [--json FILE]';

/** Ends the process with exit code 2, after a word on what is wrong, if the words are no options. */
export function optionsOrExit(words: readonly string[]): SoakOptions {
  return parsedOrExit(USAGE, words, parseOptions);
}

function parseOptions(words: readonly string[]): SoakOptions {
  const { values } = parseArgs({
    args: [...words],
    options: {
      minutes: { type: 'string', default: '1' },
      seed: { type: 'string' },
      transport: { type: 'string', default: 'shm' },
      json: { type: 'string' },
    },
  });
  const minutes = Number(values.minutes);
  if (!(minutes > 0)) throw new Error(`--minutes takes a number above 0, not ${values.minutes}`);
  const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
  if (!Number.isInteger(seed)) throw new Error(`--seed takes an integer, not ${String(values.seed)}`);
  const { transport } = values;
  if (transport !== 'shm' && transport !== 'socket')
    throw new Error(`--transport takes shm or socket, not ${transport}`);
  return { minutes, seed, transport, jsonFile: values.json };
}
