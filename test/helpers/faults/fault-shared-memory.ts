import { execFile } from 'node:child_process';
import { readFileSync, statfsSync } from 'node:fs';
import { promisify } from 'node:util';

const run = promisify(execFile);
const MIB = 2 ** 20;
const WHOLE = 256 * MIB; // as scripts/in-namespaces.sh mounts it

/** What corosync logs when it cannot make the rings of a connection. */
export const RING_FAILED =
  /\[QB +\] .*(?:couldn't|qb_rb_open|shm connection FAILED|connection setup|refusing new|fds_available)/;

/** In the private namespace only; the machine's own /dev/shm is not touched. */
export async function limitSharedMemory(bytes: number): Promise<void> {
  await run('mount', ['-o', `remount,size=${bytes}`, '/dev/shm']);
}

export function unlimitSharedMemory(): Promise<void> {
  return limitSharedMemory(WHOLE);
}

export function usedSharedMemory(): number {
  const { blocks, bfree, bsize } = statfsSync('/dev/shm');
  return (blocks - bfree) * bsize;
}

/** VmRSS of a process, in KiB. */
export function residentKib(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}
