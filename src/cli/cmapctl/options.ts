import type { CmapMap } from '../../index.ts';
import type { ByteString } from '../drop-in/bytes.ts';
import { getopt } from '../drop-in/libc/getopt.ts';

export type CmapctlAction =
  | { readonly name: 'get' | 'set' | 'delete' | 'delete-prefix' | 'print-prefix' | 'track' }
  | { readonly name: 'load'; readonly file: ByteString }
  | { readonly name: 'clear-stats'; readonly clear: string };

export interface CmapctlOptions {
  readonly action: CmapctlAction;
  readonly map: CmapMap;
  readonly showBinary: boolean;
  readonly quiet: boolean;
  readonly trackPrefix: boolean;
  readonly operands: readonly ByteString[];
}

export type ParsedArguments =
  | { readonly kind: 'run'; readonly options: CmapctlOptions }
  | { readonly kind: 'help' }
  | { readonly kind: 'error'; readonly message: string };

/** What the options seen so far add up to. */
interface State {
  action: CmapctlAction;
  map: CmapMap;
  mapSet: boolean;
  showBinary: boolean;
  quiet: boolean;
  trackPrefix: boolean;
}

const LETTERS = 'm:hqgsdDtTbp:C:';
const CLEARABLE = ['knet', 'totem', 'ipc', 'schedmiss', 'all'];
const BAD_CLEAR = "argument to -C should be 'knet', 'totem', 'ipc', 'schedmiss' or 'all'";
const BAD_MAP = "invalid map name, must be 'default', 'icmap' or 'stats'";
const KEYLESS = ['load', 'clear-stats', 'print-prefix'];

/** Options count in their order, as in the C tool: the first wrong one, or -h, ends everything. */
export function parseArguments(words: readonly ByteString[], posixlyCorrect: boolean): ParsedArguments {
  const state: State = {
    action: { name: 'print-prefix' },
    map: 'icmap',
    mapSet: false,
    showBinary: false,
    quiet: false,
    trackPrefix: true,
  };
  const items = getopt(words, { letters: LETTERS, posixlyCorrect });
  let item = items.next();
  for (; item.done !== true; item = items.next()) {
    if (item.value.kind === 'error') return failure(`cmapctl: ${item.value.message}`);
    if (item.value.letter === 'h') return { kind: 'help' };
    const message = apply(state, item.value.letter, item.value.argument);
    if (message !== undefined) return failure(message);
  }
  return finish(state, item.value);
}

/** Takes one option in. Returns what is wrong with it, if anything. */
function apply(state: State, letter: string, argument: ByteString): string | undefined {
  switch (letter) {
    case 'b':
      state.showBinary = true;
      return undefined;
    case 'q':
      state.quiet = true;
      return undefined;
    case 'm':
      return applyMap(state, argument);
    case 'C':
      if (!CLEARABLE.includes(argument)) return BAD_CLEAR;
      state.map = 'stats';
      state.action = { name: 'clear-stats', clear: argument };
      return undefined;
    case 'p':
      state.action = { name: 'load', file: argument };
      return undefined;
    case 't':
      // A later -T does not undo this; so it is in the C tool.
      state.trackPrefix = false;
      break;
  }
  const name = ACTIONS[letter];
  if (name !== undefined) state.action = { name };
  return undefined;
}

const ACTIONS: Readonly<Record<string, 'get' | 'set' | 'delete' | 'delete-prefix' | 'track' | undefined>> = {
  g: 'get',
  s: 'set',
  d: 'delete',
  D: 'delete-prefix',
  t: 'track',
  T: 'track',
};

function applyMap(state: State, name: string): string | undefined {
  if (name === 'icmap' || name === 'default') state.map = 'icmap';
  else if (name === 'stats') state.map = 'stats';
  // A wrong name after a right one is let through; so it is in the C tool.
  else return state.mapSet ? undefined : BAD_MAP;
  state.mapSet = true;
  return undefined;
}

function finish(state: State, operands: readonly ByteString[]): ParsedArguments {
  if (operands.length === 0 && !KEYLESS.includes(state.action.name)) {
    return failure('Expected key after options');
  }
  const { action, map, showBinary, quiet, trackPrefix } = state;
  return { kind: 'run', options: { action, map, showBinary, quiet, trackPrefix, operands } };
}

function failure(message: string): ParsedArguments {
  return { kind: 'error', message };
}
