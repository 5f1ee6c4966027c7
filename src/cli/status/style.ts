import { escapeControls } from '../../errors/index.ts';
import { filled } from '../printing/table.ts';
import { beginning, widthOf } from '../printing/width.ts';

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

/** As wide as a terminal is at least. */
export const WIDTH = 80;
/** Between columns. */
const GAP = '  ';
/** So much is left of a name in any case. */
const LEAST_NAME = 8;
/** What no column is wider than: names may be longer. */
const WIDEST = 24;

/** Lines of columns with a headline, as wide as what is in them. @param names the column of names, which are cut where the lines are too wide */
export function columns(
  heads: readonly string[],
  rows: readonly (readonly Cell[])[],
  paint: Paint,
  names: number,
): string[] {
  const texts = rows.map((row) => row.map(({ text }) => cut(escapeControls(text), WIDEST)));
  const right = heads.map((_head, column) => rows.some((row) => row[column]?.right === true));
  const [headline = [], ...lines] = filled(narrowed([heads, ...texts], names), right);
  const line = (parts: readonly string[]): string => parts.join(GAP).replace(/ +$/, '');
  return [
    line(headline),
    ...lines.map((parts, row) =>
      line(parts.map((part, column) => paintText(part, rows[row]?.[column]?.stress ?? 'plain', paint))),
    ),
  ];
}

/** So that a line is no wider than a terminal. */
function narrowed(rows: readonly (readonly string[])[], names: number): readonly (readonly string[])[] {
  const widthOfColumn = (column: number): number =>
    Math.max(...rows.map((row) => widthOf(row[column] ?? '')));
  const widths = (rows[0] ?? []).map((_head, column) => widthOfColumn(column) + GAP.length);
  const tooMuch = widths.reduce((sum, width) => sum + width, -GAP.length) - WIDTH;
  if (tooMuch <= 0) return rows;
  const most = Math.max(widthOfColumn(names) - tooMuch, LEAST_NAME);
  return rows.map((row) => row.map((text, column) => (column === names ? cut(text, most) : text)));
}

/** The filling is left plain. */
function paintText(filledUp: string, stress: Stress, paint: Paint): string {
  return stress === 'plain' ? filledUp : filledUp.replace(filledUp.trim(), (text) => paint(text, stress));
}

/** No wider than so many columns. */
export function cut(text: string, most: number): string {
  return widthOf(text) > most ? `${beginning(text, most - 3)}...` : text;
}

/** A long text on lines of at most so many columns, broken between words where it can be; further lines are indented. */
export function wrapped(text: string, width: number, indent: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').flatMap((long) => pieces(long, width - indent.length))) {
    if (line !== '' && widthOf(line) + 1 + widthOf(word) > width) {
      lines.push(line);
      line = indent + word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** A word that is wider than a line, in several. */
function pieces(word: string, width: number): string[] {
  const all: string[] = [];
  let rest = word;
  while (widthOf(rest) > width) {
    const piece = beginning(rest, width);
    all.push(piece);
    rest = rest.slice(piece.length);
  }
  return [...all, rest];
}
