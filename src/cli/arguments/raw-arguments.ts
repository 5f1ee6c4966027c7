import { readFileSync } from 'node:fs';

/** The text of such a byte string. */
export function fromRaw(word: string): string {
  return Buffer.from(word, 'latin1').toString();
}

/**
 * The program's arguments as byte strings (one character per byte). Node decodes them as UTF-8, which
 * loses bytes that are not; those it takes from the kernel's copy of the command line.
 */
export function rawArguments(): string[] {
  const decoded = process.argv.slice(2);
  if (!decoded.some((word) => word.includes('\ufffd'))) {
    return decoded.map((word) => Buffer.from(word).toString('latin1'));
  }
  const words = readFileSync('/proc/self/cmdline', 'latin1').split('\0').slice(0, -1);
  return words.slice(words.length - decoded.length);
}
