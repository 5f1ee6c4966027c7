/**
 * One cell of the version matrix, in the runtime that is tested, on the package as it is published (the bundle stands beside its
 * node_modules): starts a private corosync, runs every check, writes a CellReport, and must then end by itself.
 *   smoke.js RESULT-FILE TRANSPORT COMMAND-THAT-RUNS-A-JAVASCRIPT-FILE
 */
import { writeFileSync } from 'node:fs';
import { CsError } from 'corosync-client';
import { Cell, type Check } from './cell.ts';
import { calls } from './checks/calls.ts';
import { closing } from './checks/closing.ts';
import { cmapctl } from './checks/cmapctl.ts';
import { errors } from './checks/errors.ts';
import { groups } from './checks/groups.ts';
import { reloads } from './checks/reloads.ts';
import { services } from './checks/services.ts';
import { sessions } from './checks/sessions.ts';
import { stats } from './checks/stats.ts';
import { tracking } from './checks/tracking.ts';
import type { CellReport, CheckResult, Transport } from './results.ts';

const CHECKS: readonly Check[] = [
  ...calls,
  ...tracking,
  ...stats,
  ...errors,
  ...cmapctl,
  ...closing,
  ...services,
  ...groups,
  ...reloads,
  ...sessions,
];

function runtimeName(): string {
  const { node, bun, deno } = process.versions;
  if (bun !== undefined) return `Bun ${bun}`;
  if (deno !== undefined) return `Deno ${deno}`;
  return `Node ${node}`;
}

/** A check must hold, leave corosync running, and give it nothing to complain about. */
async function perform({ name, run }: Check, cell: Cell): Promise<CheckResult> {
  const startedAt = performance.now();
  const problems: string[] = [];
  const attempt = async (what: () => Promise<void>): Promise<void> => {
    await what().catch((error: unknown) => problems.push(messageOf(error)));
  };
  await attempt(() => run(cell));
  await attempt(() => cell.closeClients());
  problems.push(...cell.complaints().map((line) => `corosync says: ${line}`));
  if (!cell.corosync.running) {
    problems.push(`corosync ended, exit status ${cell.corosync.exitCode ?? 'unknown'}`);
    await cell.stop();
    await cell.start();
  }
  const ms = Math.round(performance.now() - startedAt);
  return problems.length === 0 ? { name, ms } : { name, ms, error: problems.join('\n') };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** The report so far is written after each check, so that a crash tells how far it came. */
async function performAll(cell: Cell, write: (report: CellReport) => void): Promise<void> {
  const runtime = runtimeName();
  const checks: CheckResult[] = [];
  write({ runtime, checks });
  try {
    await cell.connect();
    await cell.closeClients();
  } catch (error) {
    if (!(error instanceof CsError)) throw error;
    write({ runtime, cannotConnect: error.message, checks });
    return;
  }
  for (const check of CHECKS) {
    checks.push(await perform(check, cell));
    write({ runtime, checks });
  }
}

const [resultFile = '', transport, command = ''] = process.argv.slice(2);
const cell = new Cell(transport as Transport, command);
try {
  await cell.start();
  await performAll(cell, (report) => writeFileSync(resultFile, JSON.stringify(report)));
} finally {
  await cell.stop();
}
