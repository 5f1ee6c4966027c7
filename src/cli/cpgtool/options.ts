import type { ByteString } from '../drop-in/bytes.ts';
import { getopt } from '../drop-in/libc/getopt.ts';

export interface CpgtoolOptions {
  /** Between fields; empty: output for people. */
  readonly delimiter: ByteString;
  /** Names of groups are shown as they are. */
  readonly raw: boolean;
  readonly namesOnly: boolean;
}

export type ParsedArguments =
  | { readonly kind: 'help' }
  | { readonly kind: 'run'; readonly options: CpgtoolOptions }
  | { readonly kind: 'error'; readonly message: string };

/** The first -h or mistake ends everything. */
export function parseArguments(words: readonly ByteString[], posixlyCorrect: boolean): ParsedArguments {
  let [delimiter, raw, namesOnly] = ['', false, false];
  for (const item of getopt(words, { letters: 'hd:ne', posixlyCorrect })) {
    if (item.kind === 'error') return { kind: 'error', message: `cpgtool: ${item.message}` };
    if (item.letter === 'h') return { kind: 'help' };
    if (item.letter === 'd') delimiter = item.argument.slice(0, 1) || delimiter;
    if (item.letter === 'e') raw = true;
    if (item.letter === 'n') namesOnly = true;
  }
  return { kind: 'run', options: { delimiter, raw, namesOnly } };
}
