import type { ByteString } from '../drop-in/bytes.ts';
import { getopt } from '../drop-in/libc/getopt.ts';
import { parseWhole } from '../drop-in/libc/strtoll.ts';

export type ChangeAction =
  | { readonly name: 'unregister-device' }
  | { readonly name: 'set-votes' | 'set-expected'; readonly votes: number };

export type QuorumtoolAction = { readonly name: 'status' | 'nodes' | 'monitor' } | ChangeAction;

/** Ids of nodes, or their order. */
export type NodeOrder = 'membership' | 'node-id' | 'name';

/** How nodes are shown. */
export interface DisplayOptions {
  readonly allAddresses: boolean;
  /** Addresses instead of names. */
  readonly numeric: boolean;
  readonly hexadecimal: boolean;
  /** The column of the quorum device is there in any case. */
  readonly parsable: boolean;
  readonly order: NodeOrder;
}

export interface QuorumtoolOptions extends DisplayOptions {
  readonly action: QuorumtoolAction;
  /** The node whose votes change; `undefined`: this one. */
  readonly nodeId: number | undefined;
  /** Nothing is asked. */
  readonly yes: boolean;
}

export type ParsedArguments =
  | { readonly kind: 'run'; readonly options: QuorumtoolOptions }
  | { readonly kind: 'help' | 'version' }
  /** `usage`: the help follows on standard output. */
  | { readonly kind: 'error'; readonly message: string; readonly usage: boolean };

/** What the options seen so far add up to. */
interface State {
  action: QuorumtoolAction;
  allAddresses: boolean;
  numeric: boolean;
  hexadecimal: boolean;
  parsable: boolean;
  order: NodeOrder;
  nodeId: number | undefined;
  yes: boolean;
}

const LETTERS = 'VHaslpmfe:v:hin:o:';
const YES = [{ name: 'yes', argument: false, letter: 'yes', whole: true }];
const INT_MAX = 0x7fff_ffff;
const UINT_MAX = 0xffff_ffff;
const BAD_EXPECTED = 'New expected votes value was not valid, try a positive number';
const BAD_VOTES = 'New votes value was not valid, try a positive number or zero';
const BAD_NODE = 'The nodeid was not valid, try a positive number';
const BAD_ORDER = 'Invalid ordering option. valid orders are a(address), i(node ID) or n(name)';

/** Options count in their order, as in the C tool: the first wrong one, -h or -V ends everything, and the last command counts. */
export function parseArguments(words: readonly ByteString[], posixlyCorrect: boolean): ParsedArguments {
  const state: State = {
    action: { name: 'status' },
    allAddresses: false,
    numeric: false,
    hexadecimal: false,
    parsable: false,
    order: 'membership',
    nodeId: undefined,
    yes: false,
  };
  for (const item of getopt(words, { letters: LETTERS, long: YES, posixlyCorrect })) {
    if (item.kind === 'error') return { kind: 'error', message: `quorumtool: ${item.message}`, usage: true };
    if (item.letter === 'h') return { kind: 'help' };
    if (item.letter === 'V') return { kind: 'version' };
    const message = apply(state, item.letter, item.argument);
    if (message !== undefined) return { kind: 'error', message, usage: false };
  }
  return { kind: 'run', options: state };
}

const SWITCHES: ReadonlyMap<string, (state: State) => void> = new Map([
  ['s', (state) => void (state.action = { name: 'status' })],
  ['l', (state) => void (state.action = { name: 'nodes' })],
  ['m', (state) => void (state.action = { name: 'monitor' })],
  ['f', (state) => void (state.action = { name: 'unregister-device' })],
  ['a', (state) => void (state.allAddresses = true)],
  ['i', (state) => void (state.numeric = true)],
  ['H', (state) => void (state.hexadecimal = true)],
  ['p', (state) => void (state.parsable = true)],
  ['yes', (state) => void (state.yes = true)],
]);

/** Takes one option in. Returns what is wrong with it, if anything. */
function apply(state: State, letter: string, argument: ByteString): string | undefined {
  switch (letter) {
    case 'e':
      return applyVotes(state, 'set-expected', parseWhole(argument, 1, INT_MAX), BAD_EXPECTED);
    case 'v':
      return applyVotes(state, 'set-votes', parseWhole(argument, 0, INT_MAX), BAD_VOTES);
    case 'n':
      state.nodeId = parseWhole(argument, 1, UINT_MAX);
      return state.nodeId === undefined ? BAD_NODE : undefined;
    case 'o':
      return applyOrder(state, argument);
  }
  SWITCHES.get(letter)?.(state);
  return undefined;
}

function applyVotes(
  state: State,
  name: 'set-votes' | 'set-expected',
  votes: number | undefined,
  complaint: string,
): string | undefined {
  if (votes === undefined) return complaint;
  state.action = { name, votes };
  return undefined;
}

const ORDERS: ReadonlyMap<string, NodeOrder> = new Map([
  ['a', 'membership'],
  ['i', 'node-id'],
  ['n', 'name'],
]);

function applyOrder(state: State, name: ByteString): string | undefined {
  const order = ORDERS.get(name);
  if (order === undefined) return BAD_ORDER;
  state.order = order;
  return undefined;
}
