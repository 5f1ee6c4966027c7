import { readFileSync } from 'node:fs';

/** Where /proc/PID/stat has its fields, behind the name. */
const [STATE, USER_TICKS, SYSTEM_TICKS] = [0, 11, 12];

/** How a process is, as /proc says it: a letter, and the hundredths of a second of processor time that it has had. Who is starved has had next to none. */
export function processState(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = Number(fields[USER_TICKS]) + Number(fields[SYSTEM_TICKS]);
    return `process ${pid} in state ${fields[STATE] ?? '?'}, has run for ${ticks * 10} ms`;
  } catch {
    return `process ${pid} is gone`;
  }
}
