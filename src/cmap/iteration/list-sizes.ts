/** How many prefixes are remembered. */
const MOST_PREFIXES = 256;

/** What the first list of its prefix asks for: most have fewer keys, and to ask past the end costs next to nothing. */
const FIRST_GUESS = 127;
/** Of these, whoever looks at a cluster has a list each time: in one of a few nodes they are short. */
const FIRST_GUESSES: ReadonlyMap<string, number> = new Map([
  ['nodelist.node.', 31],
  ['runtime.members.', 31],
]);
/** The same for the whole map: a node alone has some 130 keys, one of a large cluster twice as many. */
const FIRST_GUESS_OF_MAP = 383;

/** A list is expected to be as long as the last one of the same prefix, and a little longer. */
export class ListSizes {
  readonly #sizes = new Map<string, number>();

  /** How often to ask for a key: beyond the end, so that it is seen. */
  expected(prefix: string): number {
    const size = this.#sizes.get(prefix);
    if (size !== undefined) return size + 8 + Math.floor(size / 8);
    return prefix === '' ? FIRST_GUESS_OF_MAP : (FIRST_GUESSES.get(prefix) ?? FIRST_GUESS);
  }

  note(prefix: string, size: number): void {
    // Those that were listed last are kept.
    this.#sizes.delete(prefix);
    this.#sizes.set(prefix, size);
    if (this.#sizes.size <= MOST_PREFIXES) return;
    for (const oldest of this.#sizes.keys()) {
      this.#sizes.delete(oldest);
      break;
    }
  }
}
