import { writeFileSync } from 'node:fs';
import { Bench, Skipped, type BenchOptions, type Row } from './bench.ts';
import type { Finding } from './finding.ts';
import { optionsOrExit } from './options.ts';
import { describeMachine, formatFindings } from './report.ts';
import { ROWS } from './rows/index.ts';

interface RowResult {
  readonly row: string;
  readonly seconds: number;
  readonly findings: readonly Finding[];
  readonly skipped?: string;
}

async function runRow(bench: Bench, name: string, row: Row): Promise<RowResult> {
  const startedAt = performance.now();
  const seconds = (): number => (performance.now() - startedAt) / 1000;
  try {
    const findings = await row(bench);
    return { row: name, findings, seconds: seconds() };
  } catch (error) {
    if (!(error instanceof Skipped)) throw error;
    return { row: name, findings: [], seconds: seconds(), skipped: error.message };
  }
}

async function runRows(bench: Bench): Promise<RowResult[]> {
  const results: RowResult[] = [];
  for (const [name, row] of ROWS) {
    if (!bench.options.rows.includes(name)) continue;
    await bench.createKeys('bench.get.', 64); // a row may have had another corosync
    const result = await runRow(bench, name, row);
    results.push(result);
    console.log(`\n${name}  (${result.seconds.toFixed(0)} s)`);
    console.log(
      result.skipped === undefined ? formatFindings(result.findings) : `  skipped: ${result.skipped}`,
    );
  }
  return results;
}

async function runAll(bench: Bench): Promise<RowResult[]> {
  try {
    return await runRows(bench);
  } finally {
    await bench.stop();
  }
}

async function main(options: BenchOptions): Promise<void> {
  const machine = describeMachine();
  console.log(`${machine.join(', ')}; ${options.rounds} rounds; median (least..most)`);
  const bench = await Bench.start(options);
  const rows = await runAll(bench);
  const { warnings } = bench;
  if (warnings.length > 0) console.log(`\ncorosync's log:\n${warnings.join('\n')}`);
  if (options.jsonFile !== undefined) {
    writeFileSync(
      options.jsonFile,
      `${JSON.stringify({ machine, options, rows, warnings }, undefined, 2)}\n`,
    );
  }
}

await main(optionsOrExit(process.argv.slice(2)));
