import { parseArgs, type ParseArgsConfig } from 'node:util';
import type { CmapConnectOptions, ConnectOptions } from '../../index.ts';
import type { Command, OptionValues } from '../command.ts';
import { directoriesIn } from '../directories.ts';
import { UsageError } from '../exit-codes.ts';
import { fromRaw } from './raw-arguments.ts';

const GLOBAL_OPTIONS = {
  map: { type: 'string' },
  timeout: { type: 'string' },
  'socket-name': { type: 'string' },
  'socket-directory': { type: 'string' },
  'shm-directory': { type: 'string' },
  'buffer-size': { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const satisfies ParseArgsConfig['options'];

/** The command line cut at the command's name. Global options may stand before it. */
export interface SplitCommandLine {
  readonly before: readonly string[];
  readonly name: string | undefined;
  readonly after: readonly string[];
}

export function splitCommandLine(words: readonly string[]): SplitCommandLine {
  let at = 0;
  for (let word = words[at]; word?.startsWith('-') === true; word = words[at]) {
    at += takesNextWord(word) ? 2 : 1;
  }
  return { before: words.slice(0, at), name: words[at], after: words.slice(at + 1) };
}

function takesNextWord(word: string): boolean {
  const name = word.replace(/^--/, '');
  return Object.entries(GLOBAL_OPTIONS).some(([option, { type }]) => option === name && type === 'string');
}

export interface ParsedCommandLine {
  readonly options: OptionValues;
  readonly operands: readonly string[];
}

/** Marks a word that looks like an option but is a negative number; no argument can hold a NUL. */
const NUMBER_MARK = '\0';
const NEGATIVE_NUMBER = /^-(?:\.?\d|inf|nan)/i;

export function parseCommandLine(words: readonly string[], options: Command['options']): ParsedCommandLine {
  const args = words.map((word) => (NEGATIVE_NUMBER.test(word) ? NUMBER_MARK + word : word));
  try {
    const { values, positionals } = parseArgs({
      args,
      options: { ...GLOBAL_OPTIONS, ...options },
      allowPositionals: true,
    });
    return { options: unmarkedOptions(values), operands: positionals.map(unmark) };
  } catch (error) {
    throw new UsageError(error instanceof Error ? fromRaw(inOurWords(error.message)) : String(error));
  }
}

function unmarkedOptions(values: Readonly<Record<string, unknown>>): OptionValues {
  const entries = Object.entries(values).map(([name, value]): [string, string | boolean] => [
    name,
    typeof value === 'string' ? fromRaw(unmark(value)) : value === true,
  ]);
  return Object.fromEntries(entries);
}

function unmark(word: string): string {
  return word.startsWith(NUMBER_MARK) ? word.slice(1) : word;
}

function inOurWords(message: string): string {
  const sentence = firstSentence(message);
  return sentence.startsWith('Unknown option')
    ? `${sentence}; put -- before a value that starts with -`
    : sentence;
}

/** The rest is advice on quoting that does not help here. */
function firstSentence(message: string): string {
  return (message.split(/\.\s|\n/, 1)[0] ?? message).replace(/\.$/, '');
}

/**
 * The options that say how to connect. What they may be is for the library to check, except that numbers are numbers.
 * @param variables the environment
 */
export function connectOptions(
  options: OptionValues,
  variables: Readonly<Record<string, string | undefined>>,
): CmapConnectOptions {
  const defaults = directoriesIn(variables);
  return {
    map: checkMap(text(options.map)),
    timeoutMs: wholeNumber('timeout', options),
    socketName: text(options['socket-name']),
    socketDirectory: text(options['socket-directory']) ?? defaults.socketDirectory,
    sharedMemoryDirectory: text(options['shm-directory']) ?? defaults.sharedMemoryDirectory,
    bufferSize: wholeNumber('buffer-size', options),
  };
}

/** Options that are about the configuration map, or its connection. */
const MAP_ONLY = ['map', 'socket-name', 'buffer-size'] as const;

/** The options that say how to connect to other services than that of the configuration map. */
export function serviceOptions(options: OptionValues, settings: CmapConnectOptions): ConnectOptions {
  const wrong = MAP_ONLY.find((name) => options[name] !== undefined);
  if (wrong !== undefined)
    throw new UsageError(`--${wrong} is for the commands that ask the configuration map`);
  const { timeoutMs, socketDirectory, sharedMemoryDirectory } = settings;
  return { timeoutMs, socketDirectory, sharedMemoryDirectory };
}

function checkMap(map: string | undefined): 'icmap' | 'stats' | undefined {
  if (map === undefined || map === 'icmap' || map === 'stats') return map;
  throw new UsageError(`there is no map ${map}: use icmap or stats`);
}

function text(value: string | boolean | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function wholeNumber(name: string, options: OptionValues): number | undefined {
  const value = text(options[name]);
  if (value === undefined) return undefined;
  if (/^[1-9]\d{0,14}$/.test(value)) return Number(value);
  throw new UsageError(`--${name} takes a whole number above 0, not ${value}`);
}
