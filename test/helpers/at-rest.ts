import { readFileSync } from 'node:fs';
import { waitUntil } from './wait-until.ts';

const LOOKS = 20;

/**
 * Resolves when a process has waited for something at each of many looks, or has ended: it has dealt with all that had come to it. Who has something to do
 * and gets no processor is not at rest, however long that takes.
 */
export async function atRest(pid: number): Promise<void> {
  let looks = 0;
  const waits = (): boolean => {
    looks = isAwake(pid) ? 0 : looks + 1;
    return looks >= LOOKS;
  };
  await waitUntil(`process ${pid} is at rest`, waits, { everyMs: 10 });
}

/** Whether it runs, or could if it were given a processor. */
function isAwake(pid: number): boolean {
  try {
    return /\) [RD] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false; // it has ended
  }
}
