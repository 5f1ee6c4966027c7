import type { ByteString } from '../drop-in/bytes.ts';
import { getopt, type LongOption } from '../drop-in/libc/getopt.ts';
import { parseWhole } from '../drop-in/libc/strtoll.ts';

export type CfgtoolAction =
  | { readonly name: 'help' | 'links' | 'nodes' | 'reload' | 'reopen' | 'shutdown' }
  | { readonly name: 'addresses' | 'kill'; readonly nodeId: number };

export interface CfgtoolOptions {
  readonly action: CfgtoolAction;
  /** The links in few characters. */
  readonly brief: boolean;
  /** The shutdown happens whoever is against it. */
  readonly force: boolean;
  /** Nothing is asked. */
  readonly yes: boolean;
}

export type ParsedArguments =
  | { readonly kind: 'run'; readonly options: CfgtoolOptions }
  | { readonly kind: 'error'; readonly message: string };

/** What the options seen so far add up to. */
interface State {
  action: CfgtoolAction;
  brief: boolean;
  force: boolean;
  yes: boolean;
}

const LETTERS = 'i:snbrRLk:a:hH';
const LONG: readonly LongOption[] = [
  { name: 'if', argument: true, letter: 'i' },
  { name: 'status', argument: false, letter: 's' },
  { name: 'nodes', argument: false, letter: 'n' },
  { name: 'brief', argument: false, letter: 'b' },
  { name: 'reload', argument: false, letter: 'R' },
  { name: 'reopen', argument: false, letter: 'L' },
  { name: 'kill', argument: true, letter: 'k' },
  { name: 'address', argument: true, letter: 'a' },
  { name: 'shutdown', argument: false, letter: 'H' },
  { name: 'force', argument: false, letter: 'force' },
  { name: 'yes', argument: false, letter: 'yes', whole: true },
];
const UINT_MAX = 0xffff_ffff;
const BAD_NODE = 'The nodeid was not valid, try a positive number';

/** The first wrong option ends everything, and the last command counts; -i and -r are taken and mean nothing, as in the C tool. */
export function parseArguments(words: readonly ByteString[], posixlyCorrect: boolean): ParsedArguments {
  const state: State = { action: { name: 'help' }, brief: false, force: false, yes: false };
  for (const item of getopt(words, { letters: LETTERS, long: LONG, posixlyCorrect })) {
    if (item.kind === 'error') return { kind: 'error', message: `cfgtool: ${item.message}` };
    const message = apply(state, item.letter, item.argument);
    if (message !== undefined) return { kind: 'error', message };
  }
  return { kind: 'run', options: state };
}

const SWITCHES: ReadonlyMap<string, (state: State) => void> = new Map([
  ['s', (state) => void (state.action = { name: 'links' })],
  ['n', (state) => void (state.action = { name: 'nodes' })],
  ['R', (state) => void (state.action = { name: 'reload' })],
  ['L', (state) => void (state.action = { name: 'reopen' })],
  ['H', (state) => void (state.action = { name: 'shutdown' })],
  ['b', (state) => void (state.brief = true)],
  ['force', (state) => void (state.force = true)],
  ['yes', (state) => void (state.yes = true)],
]);

/** Takes one option in. Returns what is wrong with it, if anything. */
function apply(state: State, letter: string, argument: ByteString): string | undefined {
  switch (letter) {
    case 'a':
      return applyNode(state, 'addresses', argument);
    case 'k':
      return applyNode(state, 'kill', argument);
  }
  SWITCHES.get(letter)?.(state);
  return undefined;
}

function applyNode(state: State, name: 'addresses' | 'kill', argument: ByteString): string | undefined {
  const nodeId = parseWhole(argument, 1, UINT_MAX);
  if (nodeId === undefined) return BAD_NODE;
  state.action = { name, nodeId };
  return undefined;
}
