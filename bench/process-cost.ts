import { readFileSync, readdirSync } from 'node:fs';

/** What a process has cost since it began, as the kernel counts it. */
export interface ProcessCost {
  readonly cpuMs: number;
  /** Times that a thread gave its processor up by waiting, which it left by a wake-up. */
  readonly wakeUps: number;
  readonly mainWakeUps: number;
}

export function processCost(pid: number): ProcessCost {
  const threads = readdirSync(`/proc/${pid}/task`);
  const ran = threads.map((thread) => Number(readProc(pid, thread, 'schedstat').split(' ')[0]) / 1e6);
  const wakeUps = threads.map((thread) =>
    statusField(readProc(pid, thread, 'status'), 'voluntary_ctxt_switches'),
  );
  return {
    cpuMs: sum(ran),
    wakeUps: sum(wakeUps),
    mainWakeUps: wakeUps[threads.indexOf(String(pid))] ?? NaN,
  };
}

export function residentMegabytes(pid: number): number {
  return statusField(readProc(pid, String(pid), 'status'), 'VmRSS') / 1024;
}

function readProc(pid: number, thread: string, file: string): string {
  return readFileSync(`/proc/${pid}/task/${thread}/${file}`, 'utf8');
}

function statusField(status: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
