import type { ByteString } from '../drop-in/bytes.ts';

/** One line of a -p file. */
export type Setting =
  | { readonly kind: 'set'; readonly key: ByteString; readonly type: ByteString; readonly value: ByteString }
  | { readonly kind: 'delete'; readonly key: ByteString }
  | { readonly kind: 'delete-prefix'; readonly prefix: ByteString }
  | { readonly kind: 'incomplete'; readonly key: ByteString };

/** What fgets() into the C tool's 1024-byte buffer holds at most: a longer line is read as several. */
const MAX_LINE = 1023;

/** Cuts a stream into the lines that repeated fgets() calls would return. */
export class LineCutter {
  #rest: ByteString = '';

  /** The lines that are complete now. */
  feed(chunk: ByteString): ByteString[] {
    const text = this.#rest + chunk;
    const lines: ByteString[] = [];
    let start = 0;
    for (;;) {
      const end = lineEnd(text, start);
      if (end === undefined) break;
      lines.push(text.slice(start, end));
      start = end;
    }
    this.#rest = text.slice(start);
    return lines;
  }

  /** The last line, if it has no newline. */
  end(): ByteString[] {
    return this.#rest === '' ? [] : [this.#rest];
  }
}

function lineEnd(text: ByteString, start: number): number | undefined {
  const newline = text.indexOf('\n', start);
  if (newline !== -1 && newline - start < MAX_LINE) return newline + 1;
  return text.length - start >= MAX_LINE ? start + MAX_LINE : undefined;
}

/** A blank line or a comment; or up to three words, which may have tabs in them. */
const WORDS = /^[ \t]*(?:([\n#])|([^ \n]+)(?:[ \n]+([^ \n]+)(?:[ \n]+([^ \n]+))?)?)?/;

/** Returns undefined for a comment or a blank line. */
export function parseSetting(line: ByteString): Setting | undefined {
  // A C string ends at a NUL, and so does the line. What is left may be nothing: that is not a blank
  // line, which has its newline, but a line that lacks everything.
  const nul = line.indexOf('\0');
  const [, blank, word = '(null)', type, value] = WORDS.exec(nul === -1 ? line : line.slice(0, nul)) ?? [];
  if (blank !== undefined) return undefined;
  if (word.startsWith('^^')) return { kind: 'delete-prefix', prefix: word.slice(2) };
  if (word.startsWith('^')) return { kind: 'delete', key: word.slice(1) };
  if (type === undefined || value === undefined) return { kind: 'incomplete', key: word };
  return { kind: 'set', key: word, type, value };
}
