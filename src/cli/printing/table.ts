import { escapeControls } from '../../errors/index.ts';
import { padded, widthOf } from './width.ts';

/** Lines of columns, as wide as what is in them, with a headline; numbers stand at the right. The last column is not filled up. */
export function table(heads: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = [heads, ...rows].map((row) => row.map((cell) => escapeControls(String(cell))));
  const right = heads.map((_head, column) => rows.length > 0 && rows.every((row) => isNumber(row[column])));
  return filled(cells, right)
    .map((row) => `${row.join('  ').trimEnd()}\n`)
    .join('');
}

/** The same cells, each as wide as the widest of its column. @param right whether a column stands at the right */
export function filled(
  rows: readonly (readonly string[])[],
  right: readonly boolean[],
): readonly (readonly string[])[] {
  const widths = right.map((_right, column) => Math.max(...rows.map((row) => widthOf(row[column] ?? ''))));
  return rows.map((row) => row.map((cell, column) => padded(cell, widths[column] ?? 0, right[column])));
}

function isNumber(cell: string | number | undefined): boolean {
  return typeof cell === 'number' || cell === '-';
}
