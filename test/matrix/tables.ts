import type { CellResult, MatrixResult, ServerResult } from './results.ts';

const BEGIN = '<!-- matrix -->';
const END = '<!-- /matrix -->';

/** Each failed check of a cell with its reason, and whatever else went wrong with it. */
export function failuresOf({ checks, broken, cannotConnect }: CellResult): string[] {
  const failed = checks.flatMap(({ name, error }) => (error === undefined ? [] : [`${name}: ${error}`]));
  if (broken !== undefined) failed.push(broken);
  if (cannotConnect !== undefined) failed.push(cannotConnect);
  if (failed.length + checks.length === 0) failed.push('no check ran');
  return failed;
}

/** The Markdown that a run makes: what passed where, and how the servers differ. */
export function tables(result: MatrixResult): string {
  return [cellTable(result.cells), goldenLine(result.servers), keyTable(result.servers)].join('\n\n');
}

/** The same in short, a row for each release: over which transports everything passed. */
export function summary({ cells }: MatrixResult): string {
  const releaseOf = ({ release, corosync, libqb }: CellResult): string =>
    [release, corosync, libqb].join(' ');
  const columns = unique(cells.map(({ column }) => column));
  const passed = (row: string, column: string): string => {
    const tried = cells.filter((cell) => releaseOf(cell) === row && cell.column === column);
    const good = tried.filter((cell) => failuresOf(cell).length === 0).map(({ transport }) => transport);
    return good.length === tried.length ? 'all' : good.join(', ') || 'none';
  };
  return table(
    ['Debian', 'corosync', 'libqb', ...columns.map((column) => runtimeOf(cells, column))],
    unique(cells.map(releaseOf)).map((row) => [
      ...row.split(' '),
      ...columns.map((column) => passed(row, column)),
    ]),
  );
}

/** The text with what is between the markers replaced. */
export function replaceBetween(text: string, tables: string): string {
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin === -1 || end < begin) throw new Error(`${BEGIN} and ${END} are not there`);
  return `${text.slice(0, begin + BEGIN.length)}\n\n${tables}\n\n${text.slice(end)}`;
}

function cellTable(cells: readonly CellResult[]): string {
  const columns = unique(cells.map(({ column }) => column));
  const rows = unique(cells.map(rowOf));
  const outcome = (row: string, column: string): string => {
    const cell = cells.find((candidate) => rowOf(candidate) === row && candidate.column === column);
    return cell === undefined ? '' : outcomeOf(cell);
  };
  return table(
    ['Debian', 'corosync', 'libqb', 'transport', ...columns.map((column) => runtimeOf(cells, column))],
    rows.map((row) => [...row.split(' '), ...columns.map((column) => outcome(row, column))]),
  );
}

function runtimeOf(cells: readonly CellResult[], column: string): string {
  return cells.find((cell) => cell.column === column && cell.runtime !== column)?.runtime ?? column;
}

function rowOf({ release, corosync, libqb, transport }: CellResult): string {
  return [release, corosync, libqb, transport].join(' ');
}

function outcomeOf(cell: CellResult): string {
  const { checks, broken, cannotConnect } = cell;
  if (cannotConnect !== undefined) return 'cannot connect';
  const failed = checks.filter(({ error }) => error !== undefined).map(({ name }) => name);
  const passed = checks.length - failed.length;
  if (broken !== undefined) failed.push(`ends badly after ${checks.length} checks`);
  else if (checks.length === 0) failed.push('no check ran');
  return failed.length === 0 ? `all ${passed}` : `${passed}; not: ${failed.join('; ')}`;
}

function goldenLine(servers: readonly ServerResult[]): string {
  const counts = unique(
    servers.map(({ goldens: { same, different } }) => (different.length === 0 ? same : 0)),
  );
  const [count = 0] = counts;
  if (counts.length === 1 && count > 0) {
    return `Each of these servers answers the ${count} golden exchanges, captured from corosync 3.1.7, in the same bytes.`;
  }
  const lines = servers.map(({ release, transport, goldens: { same, different } }) => {
    const where = `${release} (${transport})`;
    return different.length === 0
      ? `${where} all ${same}`
      : `${where} ${same} of ${same + different.length}, not ${different.join('; ')}`;
  });
  return `Golden exchanges, captured from corosync 3.1.7, that are answered in the same bytes: ${lines.join(', ')}.`;
}

/** Which keys of a fresh node are not in every release. */
function keyTable(servers: readonly ServerResult[]): string {
  const releases = unique(servers.map(({ release }) => release));
  const keysOf = (release: string): ReadonlySet<string> =>
    new Set(servers.filter((server) => server.release === release).flatMap(({ keys }) => keys));
  const sets = releases.map(keysOf);
  const differing = unique(servers.flatMap(({ keys }) => keys))
    .filter((key) => sets.some((keys) => !keys.has(key)))
    .sort();
  if (differing.length === 0) return 'A fresh node has the same keys in each of them.';
  return table(
    ['key of a fresh node', ...releases],
    differing.map((key) => [`\`${key}\``, ...sets.map((keys) => (keys.has(key) ? 'yes' : 'no'))]),
  );
}

const unique = <T>(values: readonly T[]): T[] => [...new Set(values)];

/** As Prettier would have it. */
function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((cell, column) =>
    Math.max(3, cell.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((width, column) => (cells[column] ?? '').padEnd(width)).join(' | ')} |`;
  return [line(header), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}
