/**
 * Runs the version matrix, inside scripts/in-namespaces.sh, on what scripts/test-matrix.sh has prepared:
 *   run.ts --work DIRECTORY --releases a,b --transports shm,socket --runtimes node-20,bun [--update]
 * Everything of a run is in WORK/result.json; the tables are printed, and with --update written to docs/versions.md.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { Chroot } from './chroot.ts';
import type { CellReport, CellResult, Transport, MatrixResult, ServerResult } from './results.ts';
import { askServer } from './server.ts';
import { failuresOf, replaceBetween, summary, tables } from './tables.ts';

const CELL_TIMEOUT_MS = 180_000;
const DOCS = 'docs/versions.md';

const { values: options } = parseArgs({
  options: {
    work: { type: 'string', default: 'build/matrix' },
    releases: { type: 'string', default: '' },
    transports: { type: 'string', default: '' },
    runtimes: { type: 'string', default: '' },
    update: { type: 'boolean', default: false },
  },
});
const list = (text: string): string[] => text.split(',').filter((word) => word !== '');
const scratch = mkdtempSync('/run/matrix-');

/** Enough to see what it is; all of it is in the result file. */
function shortened(text: string): string {
  return text.length > 1500 ? `${text.slice(0, 1500)} ...` : text;
}

/** The command that runs a JavaScript file, as a piece of shell. */
function commandOf(column: string): string {
  const [name = ''] = column.split('-');
  const program = join(options.work, 'runtimes', column, 'node_modules', '.bin', name);
  return name === 'deno' ? `'${program}' run --quiet --allow-all` : `'${program}'`;
}

/** Whatever a cell has left running: a corosync, if it crashed. */
function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // There is nobody left.
  }
}

async function runCell(chroot: Chroot, transport: Transport, column: string): Promise<CellResult> {
  const startedAt = performance.now();
  const result = join(scratch, `${chroot.release}-${transport}-${column}.json`);
  const command = commandOf(column);
  const line = `exec ${command} '${join(options.work, 'package', 'smoke.js')}' '${result}' ${transport} "$COMMAND"`;
  const child = spawn('bash', ['-c', line], {
    stdio: ['ignore', 'inherit', 'pipe'],
    detached: true, // a process group of its own, to be ended as a whole
    env: { ...process.env, COMMAND: command },
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const timer = setTimeout(() => killGroup(child), CELL_TIMEOUT_MS);
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  clearTimeout(timer);
  killGroup(child);
  const report: CellReport = existsSync(result)
    ? (JSON.parse(readFileSync(result, 'utf8')) as CellReport)
    : { runtime: column, checks: [] };
  const { release, corosync, libqb } = chroot;
  const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
  const cell = { release, corosync, libqb, transport, column, seconds, ...report };
  return code === 0 ? cell : { ...cell, broken: `ended with ${signal ?? String(code)}: ${said.trim()}` };
}

/** libqb looks for this file whenever it makes a socket; it is the namespace's own, and the chroots'. */
function forceFilesystemSockets(force: boolean): void {
  const file = '/etc/libqb/force-filesystem-sockets';
  mkdirSync(dirname(file), { recursive: true });
  if (force) writeFileSync(file, '');
  else rmSync(file, { force: true });
}

async function runRelease(chroot: Chroot): Promise<MatrixResult> {
  const cells: CellResult[] = [];
  const servers: ServerResult[] = [];
  chroot.enter();
  const path = process.env.PATH ?? '';
  process.env.PATH = `${chroot.programs}:${path}`;
  const { release, corosync, libqb } = chroot;
  for (const transport of list(options.transports) as Transport[]) {
    forceFilesystemSockets(transport === 'shm+files');
    for (const column of list(options.runtimes)) {
      const cell = await runCell(chroot, transport, column);
      console.error(
        `${release} ${transport} ${column}: ${cell.seconds} s, ${failuresOf(cell).length} failures`,
      );
      for (const failure of failuresOf(cell))
        console.error(`  ${shortened(failure).replaceAll('\n', '\n  ')}`);
      cells.push(cell);
    }
    servers.push({ release, corosync, libqb, transport, ...(await askServer(transport)) });
  }
  process.env.PATH = path;
  return { cells, servers };
}

const results: MatrixResult[] = [];
for (const release of list(options.releases)) {
  results.push(await runRelease(new Chroot(release, join(options.work, 'chroots', release))));
}
const result: MatrixResult = {
  cells: results.flatMap(({ cells }) => cells),
  servers: results.flatMap(({ servers }) => servers),
};
writeFileSync(join(options.work, 'result.json'), JSON.stringify(result, undefined, 1));
const text = `${summary(result)}\n\n${tables(result)}`;
console.log(text);
if (options.update) writeFileSync(DOCS, replaceBetween(readFileSync(DOCS, 'utf8'), text));
// Other runtimes are tried, not promised.
const failures = result.cells.filter(({ column }) => column.startsWith('node-')).flatMap(failuresOf);
const changed = result.servers.flatMap(({ goldens }) => goldens.different);
process.exitCode = failures.length + changed.length === 0 ? 0 : 1;
