export type GetoptItem =
  | { readonly kind: 'option'; readonly letter: string; readonly argument: string }
  | { readonly kind: 'error'; readonly message: string };

/** An option of a whole word, `--name`. */
export interface LongOption {
  readonly name: string;
  /** Whether it takes an argument: `--name=ARGUMENT`, or the next word. */
  readonly argument: boolean;
  /** What it is told as. */
  readonly letter: string;
  /** It has to be written in full: the C tool has no such option, and takes an abbreviation for a mistake. */
  readonly whole?: boolean;
}

export interface GetoptRules {
  /** Letters, each with a ':' behind it if it takes an argument. */
  readonly letters: string;
  /** Where there are none, "--name" is a cluster of letters, as for getopt(). */
  readonly long?: readonly LongOption[];
  /** The first operand ends the options, as glibc does when POSIXLY_CORRECT is set. */
  readonly posixlyCorrect: boolean;
}

/**
 * getopt(3) and getopt_long(3) as glibc does them: options may follow operands, "--" ends them, letters cluster, an argument
 * is the rest of its cluster or else the next word, whatever that looks like. Returns the operands.
 */
export function* getopt(
  words: readonly string[],
  { letters, long = [], posixlyCorrect }: GetoptRules,
): Generator<GetoptItem, string[]> {
  const operands: string[] = [];
  const rest = words.values();
  for (const word of rest) {
    if (word === '--') break;
    if (word.startsWith('--') && isLong(word, long)) {
      yield longOption(word.slice(2), long, rest);
      continue;
    }
    if (word.startsWith('-') && word !== '-') {
      yield* cluster(word.slice(1), letters, rest);
      continue;
    }
    operands.push(word);
    if (posixlyCorrect) break;
  }
  return [...operands, ...rest];
}

/** With only words of ours, whatever the C tool does not know is for it to refuse. */
function isLong(word: string, long: readonly LongOption[]): boolean {
  return long.some(({ name, whole }) => whole !== true || word === `--${name}`);
}

function longOption(text: string, long: readonly LongOption[], rest: Iterator<string>): GetoptItem {
  const equals = text.indexOf('=');
  const name = equals === -1 ? text : text.slice(0, equals);
  const found = longNamed(name, long);
  if (found.length > 1) return { kind: 'error', message: ambiguous(name, found) };
  const [option] = found;
  if (option === undefined) return { kind: 'error', message: `unrecognized option '--${text}'` };
  const { letter } = option;
  if (!option.argument) {
    if (equals === -1) return { kind: 'option', letter, argument: '' };
    return { kind: 'error', message: `option '--${option.name}' doesn't allow an argument` };
  }
  if (equals !== -1) return { kind: 'option', letter, argument: text.slice(equals + 1) };
  const next = rest.next();
  if (next.done === true) return { kind: 'error', message: `option '--${option.name}' requires an argument` };
  return { kind: 'option', letter, argument: next.value };
}

/** The option of that name, or else all that begin with it. */
function longNamed(name: string, long: readonly LongOption[]): readonly LongOption[] {
  const exact = long.filter((option) => option.name === name);
  if (exact.length > 0) return exact;
  return long.filter((option) => option.whole !== true && option.name.startsWith(name));
}

function ambiguous(name: string, options: readonly LongOption[]): string {
  const names = options.map((option) => ` '--${option.name}'`);
  return `option '--${name}' is ambiguous; possibilities:${names.join('')}`;
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
