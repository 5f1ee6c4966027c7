import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { outcomeOf, pidOf, shell, startShell, type Outcome, type RunningProgram } from '../../cli/program.ts';
import { waitUntil } from '../../helpers/wait-until.ts';
import type { Cell, Check } from '../cell.ts';

const THEIRS = 'corosync-cmapctl';

/** A file of settings: every type, every kind of line. */
const SETTINGS = `# a comment
x.i8 i8 -128
x.u8 u8 255
x.i16 i16 -32768
x.u16 u16 65535
x.i32 i32 -2147483648
x.u32 u32 4294967295
x.i64 i64 -9223372036854775808
x.u64 u64 18446744073709551615
x.flt flt 0.1
x.dbl dbl 1e308

x.gone u8 1
x.str str two words
^x.gone
`;

/** Bash syntax; $D is a directory that both tools see. They change what the lines after them show. */
const LINES: readonly string[] = [
  '-h',
  '-V',
  '-Z',
  '-p $D/settings',
  "-s x.empty str ''",
  "-s x.latin1 str $'caf\\xe9'",
  '-s x.bin bin $D/settings',
  '-s x.number u8 256',
  '-s x.number u9 1',
  '-s x.number u32',
  '-s totem.cluster_name str x',
  '-s ab u8 1',
  '',
  '-b',
  '-b x.',
  '-q x.',
  '-bq x.bin',
  'x.i x.u',
  'nothing.',
  '-g x.u64',
  '-g x.str x.dbl nothing x.flt',
  '-bg x.bin',
  '-d x.u8',
  '-d x.u8',
  '-d totem.cluster_name',
  '-D x.i',
  '-D nothing.',
  '-p $D/nowhere',
  '-t x.none -q < /dev/null',
  'x.',
  '-m stats -g stats.ipcs.global.nothing',
  '-m stats -s stats.ipcs.global.active u64 1',
  '-m bogus',
  '-m stats stats.knet.handle.',
  '-C ipc',
  '-C bogus',
];

/** What counts: standard output to the byte and the exit code, and whether there was a complaint. */
function essence({ stdout, stderr, code }: Outcome): object {
  return { stdout: stdout.toString('latin1'), code, complained: stderr !== '' };
}

/** Runs one of the tools in all lines, on a map that both find alike. */
async function transcript(cell: Cell, tool: string): Promise<Map<string, object>> {
  const env = { ...process.env, LC_ALL: 'C', D: cell.corosync.directory };
  const outcomes = new Map<string, object>();
  await shell(`${THEIRS} -D x`, { env });
  for (const [n, line] of LINES.entries()) {
    outcomes.set(`${n}: ${line}`, essence(await shell(`exec ${tool} ${line}`, { env })));
  }
  return outcomes;
}

/** Lets a tool track while another changes the map, and end at a "q". */
async function track(cell: Cell, tool: string): Promise<object> {
  await shell(`${THEIRS} -D x`);
  const child = startShell(`exec ${tool} -T x.`, { stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = outcomeOf(child);
  await requestsOf(cell, child, ({ requests = 0 }) => requests >= 1);
  await shell(`${THEIRS} -s x.t u8 1; ${THEIRS} -s x.t u8 2; ${THEIRS} -s x.t str text; ${THEIRS} -d x.t`);
  await requestsOf(cell, child, ({ queued }) => queued === 0);
  child.stdin.end('q\n');
  return essence(await ended);
}

async function requestsOf(
  cell: Cell,
  child: RunningProgram,
  condition: (counters: Readonly<Record<string, number>>) => boolean,
): Promise<void> {
  await waitUntil('the tracking tool is as far', async () => {
    const [connection] = await cell.corosync.ipcStats(pidOf(child));
    return connection !== undefined && condition(connection.counters);
  });
}

export const cmapctl: readonly Check[] = [
  {
    name: `cmapctl beside this release's corosync-cmapctl`,
    async run(cell) {
      writeFileSync(join(cell.corosync.directory, 'settings'), SETTINGS);
      const theirs = await transcript(cell, THEIRS);
      const ours = await transcript(cell, cell.program('cmapctl-main'));
      const different = [...theirs].filter(
        ([line, outcome]) => JSON.stringify(ours.get(line)) !== JSON.stringify(outcome),
      );
      const shown = different.map(
        ([line, outcome]) =>
          `${line}\n theirs ${JSON.stringify(outcome)}\n ours   ${JSON.stringify(ours.get(line))}`,
      );
      assert.ok(different.length === 0, shown.join('\n'));
    },
  },
  {
    name: `cmapctl tracks as this release's corosync-cmapctl does`,
    async run(cell) {
      assert.deepEqual(await track(cell, cell.program('cmapctl-main')), await track(cell, THEIRS));
    },
  },
];
