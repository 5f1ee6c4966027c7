export type GetoptItem =
  | { readonly kind: 'option'; readonly letter: string; readonly argument: string }
  | { readonly kind: 'error'; readonly message: string };

export interface GetoptRules {
  /** Letters, each with a ':' behind it if it takes an argument. */
  readonly letters: string;
  /** The first operand ends the options, as glibc does when POSIXLY_CORRECT is set. */
  readonly posixlyCorrect: boolean;
}

/**
 * getopt(3) as glibc does it: options may follow operands, "--" ends them, letters cluster, an argument
 * is the rest of its cluster or else the next word, whatever that looks like. Returns the operands.
 */
export function* getopt(
  words: readonly string[],
  { letters, posixlyCorrect }: GetoptRules,
): Generator<GetoptItem, string[]> {
  const operands: string[] = [];
  const rest = words.values();
  for (const word of rest) {
    if (word === '--') break;
    if (word.startsWith('-') && word !== '-') {
      yield* cluster(word.slice(1), letters, rest);
      continue;
    }
    operands.push(word);
    if (posixlyCorrect) break;
  }
  return [...operands, ...rest];
}

function* cluster(text: string, letters: string, rest: Iterator<string>): Generator<GetoptItem, void> {
  for (let at = 0; at < text.length; at++) {
    const letter = text.charAt(at);
    if (letter === ':' || !letters.includes(letter)) {
      yield { kind: 'error', message: `invalid option -- '${letter}'` };
      continue;
    }
    if (!letters.includes(`${letter}:`)) {
      yield { kind: 'option', letter, argument: '' };
      continue;
    }
    yield optionWithArgument(letter, text.slice(at + 1), rest);
    return;
  }
}

function optionWithArgument(letter: string, attached: string, rest: Iterator<string>): GetoptItem {
  if (attached !== '') return { kind: 'option', letter, argument: attached };
  const next = rest.next();
  if (next.done === true) return { kind: 'error', message: `option requires an argument -- '${letter}'` };
  return { kind: 'option', letter, argument: next.value };
}
