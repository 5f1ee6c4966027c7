import { readdirSync, readFileSync } from 'node:fs';
import { waitUntil } from './wait-until.ts';

const LOOKS = 20;

/**
 * Resolves when a process has waited for something at each of many looks, or has ended: it has dealt with all that had come to it. Who has something to do
 * and gets no processor is not at rest, however long that takes.
 */
export async function atRest(pid: number): Promise<void> {
  let looks = 0;
  const waits = (): boolean => {
    looks = isAwake(`/proc/${pid}/stat`) ? 0 : looks + 1;
    return looks >= LOOKS;
  };
  await waitUntil(`process ${pid} is at rest`, waits, { everyMs: 10 });
}

/** Resolves when each thread that a process has now was found asleep, or has ended: it has done what it had to do by now. */
export async function threadsHaveSlept(pid: number): Promise<void> {
  const awake = new Set(threadsOf(pid));
  const haveSlept = (): boolean => {
    for (const thread of awake) if (!isAwake(`/proc/${pid}/task/${thread}/stat`)) awake.delete(thread);
    return awake.size === 0;
  };
  await waitUntil(`each thread of process ${pid} has slept`, haveSlept, { everyMs: 5 });
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return []; // it has ended
  }
}

/** Whether it runs, or could if it were given a processor. */
function isAwake(stat: string): boolean {
  try {
    return /\) [RD] /.test(readFileSync(stat, 'latin1'));
  } catch {
    return false; // it has ended
  }
}
