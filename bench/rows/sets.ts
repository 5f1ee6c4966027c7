import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { alternate } from '../alternate.ts';
import type { Bench } from '../bench.ts';
import { comparison, type Finding } from '../finding.ts';
import { type Elapsed } from '../peer.ts';
import { summarize } from '../statistics.ts';
import { timeProcess } from '../time-process.ts';

const KEYS = 10_000;
const PREFIX = 'bench.set.';
const GOAL = { of: 'ratio', atMost: 1 / 5 } as const;

/** Setting many keys, in process and from a file by the command line tools. Every set changes its key. */
export async function sets(bench: Bench): Promise<Finding[]> {
  const inProcess = await setsInProcess(bench);
  return bench.hasCmapctl() ? [inProcess, await loadedFile(bench)] : [inProcess];
}

async function setsInProcess(bench: Bench): Promise<Finding> {
  await using ours = bench.ours();
  await using libcmap = bench.libcmap();
  const rounds = await alternate<Elapsed, 'ours' | 'libcmap'>(bench.options.rounds, {
    ours: () => ours.ask('sets', PREFIX, KEYS, bench.newValues(KEYS)),
    libcmap: () => libcmap.ask('sets', PREFIX, KEYS, bench.newValues(KEYS)),
  });
  const ms = ({ ns }: Elapsed): number => ns / 1e6;
  return comparison({
    what: `${KEYS} sets at once`,
    unit: 'ms',
    ours: rounds.ours.map(ms),
    name: 'libcmap set loop',
    other: rounds.libcmap.map(ms),
    goal: GOAL,
  });
}

async function loadedFile(bench: Bench): Promise<Finding> {
  const script = bench.dropIn('cmapctl');
  const rounds = await alternate<number, 'ours' | 'empty' | 'corosync'>(bench.options.rounds, {
    ours: () => timeProcess(process.execPath, [script, '-p', settingsFile(bench, KEYS)]),
    empty: () => timeProcess(process.execPath, [script, '-p', settingsFile(bench, 0)]),
    corosync: () => timeProcess('corosync-cmapctl', ['-p', settingsFile(bench, KEYS)]),
  });
  return comparison({
    what: `cmapctl -p, ${KEYS} lines`,
    unit: 'ms',
    ours: rounds.ours,
    name: 'corosync-cmapctl -p',
    other: rounds.corosync,
    goal: GOAL,
    // Node's start, the connection and the end: what is there before the first line.
    details: { 'ms for an empty file': summarize(rounds.empty) },
  });
}

function settingsFile(bench: Bench, lines: number): string {
  const file = join(bench.corosync.directory, 'settings');
  const first = bench.newValues(lines);
  const line = (i: number): string => `${PREFIX}${String(i).padStart(6, '0')} u32 ${first + i}\n`;
  writeFileSync(file, Array.from({ length: lines }, (_, i) => line(i)).join(''));
  return file;
}
