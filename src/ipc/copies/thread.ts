import fs from 'node:fs';
import { threadId } from 'node:worker_threads';
import { systemErrorName } from '../../errors/index.ts';

/** A thread of this process. Its id alone may be given to another one later. */
export interface Thread {
  readonly tid: bigint;
  /** In ticks since the machine was started. */
  readonly startedAt: bigint;
  /** Its number among Node's worker threads; 0 is the main thread. */
  readonly worker: bigint;
}

/** The one that runs this. */
export function thisThread(): Thread {
  const stat = fs.readFileSync('/proc/thread-self/stat', 'latin1');
  return { tid: BigInt(parseInt(stat, 10)), startedAt: startOf(stat), worker: BigInt(threadId) };
}

/** Whether it has not ended. Node closes the sockets of a worker thread before that. */
export function isRunning({ tid, startedAt }: Thread): boolean {
  try {
    return startOf(fs.readFileSync(`/proc/self/task/${tid}/stat`, 'latin1')) === startedAt;
  } catch (error) {
    const errno = systemErrorName(error);
    return errno !== 'ENOENT' && errno !== 'ESRCH'; // no descriptor is left: look again later
  }
}

/** Field 22 (proc(5)). The second one is a name in parentheses, which may hold anything. */
function startOf(stat: string): bigint {
  const field = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  return BigInt(field ?? 0);
}
