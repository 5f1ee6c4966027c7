import { escapeControls } from '../../errors/index.ts';
import { filled } from '../printing/table.ts';

/** How a terminal may stress words: red, yellow and green, as whoever sees no colours reads them too. */
export type Stress = 'bad' | 'doubtful' | 'good' | 'plain';

const CODES = { bad: '1;31', doubtful: '33', good: '32' } as const;

/** A text of a fixed width is stressed when it is as wide as it will be. */
export type Paint = (text: string, stress: Stress) => string;

/** Without colours. */
const unpainted: Paint = (text) => text;

/** With the eight colours that every terminal has. */
const painted: Paint = (text, stress) => (stress === 'plain' ? text : `\x1b[${CODES[stress]}m${text}\x1b[0m`);

/** Whether colours are wanted (https://no-color.org), and can be. */
export function paintFor(
  isTerminal: boolean,
  { NO_COLOR: noColor, TERM: term }: Readonly<Record<string, string | undefined>>,
): Paint {
  const wanted = noColor === undefined || noColor === '';
  return isTerminal && wanted && term !== undefined && term !== 'dumb' ? painted : unpainted;
}

/** A cell of a table. */
export interface Cell {
  readonly text: string;
  readonly stress?: Stress;
  /** It stands at the right. */
  readonly right?: boolean;
}

/** What no column is wider than: names may be longer. */
const WIDEST = 24;

/** Lines of columns with a headline, as wide as what is in them. */
export function columns(
  heads: readonly string[],
  rows: readonly (readonly Cell[])[],
  paint: Paint,
): string[] {
  const texts = rows.map((row) => row.map(({ text }) => cut(escapeControls(text), WIDEST)));
  const right = heads.map((_head, column) => rows.some((row) => row[column]?.right === true));
  const [headline = [], ...lines] = filled([heads, ...texts], right);
  const line = (parts: readonly string[]): string => parts.join('  ').replace(/ +$/, '');
  return [
    line(headline),
    ...lines.map((parts, row) =>
      line(parts.map((part, column) => paintText(part, rows[row]?.[column]?.stress ?? 'plain', paint))),
    ),
  ];
}

/** The filling is left plain. */
function paintText(filledUp: string, stress: Stress, paint: Paint): string {
  return stress === 'plain' ? filledUp : filledUp.replace(filledUp.trim(), (text) => paint(text, stress));
}

/** No longer than so many characters. */
export function cut(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 3)}...` : text;
}

/** A long text on lines of at most so many characters, broken between words where it can be; further lines are indented. */
export function wrapped(text: string, width: number, indent: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = indent + word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
