import { escapeControls } from '../../errors/index.ts';

/** Lines of columns, as wide as what is in them, with a headline; numbers stand at the right. The last column is not filled up. */
export function table(heads: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = [heads, ...rows].map((row) => row.map((cell) => escapeControls(String(cell))));
  const widths = heads.map((_head, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)));
  const right = heads.map((_head, column) => rows.length > 0 && rows.every((row) => isNumber(row[column])));
  return cells
    .map((row) => {
      const parts = row.map((cell, column) => {
        const width = widths[column] ?? 0;
        return right[column] === true ? cell.padStart(width) : cell.padEnd(width);
      });
      return `${parts.join('  ').trimEnd()}\n`;
    })
    .join('');
}

function isNumber(cell: string | number | undefined): boolean {
  return typeof cell === 'number' || cell === '-';
}
