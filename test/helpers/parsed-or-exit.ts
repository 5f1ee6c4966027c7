/** Ends the process, after a word on what is wrong or how to use it, if the words are no options. */
export function parsedOrExit<T>(
  usage: string,
  words: readonly string[],
  parse: (words: readonly string[]) => T,
): T {
  if (words.some((word) => word === '--help' || word === '-h')) {
    console.log(usage);
    process.exit(0);
  }
  try {
    return parse(words);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
    process.exit(2);
  }
}
