import { execFileSync } from 'node:child_process';
import type { Bench } from './bench.ts';
import type { Peer } from './peer.ts';

/** Where a client runs, as seen from corosync. Left to itself the kernel changes its mind, and costs change by a factor. */
const PLACEMENTS = {
  "on corosync's processor": { corosync: '1', clients: '1' },
  'on another processor': { corosync: '1', clients: '0' },
} as const;
type Placement = keyof typeof PLACEMENTS;

const ANYWHERE = '0-1';

/** Runs `measure` for each placement, with everybody held in place. */
export async function forPlacements<T>(
  bench: Bench,
  peers: readonly Peer[],
  measure: (placement: Placement) => Promise<T>,
): Promise<T[]> {
  const results: T[] = [];
  try {
    for (const placement of Object.keys(PLACEMENTS) as Placement[]) {
      pin(bench.corosync.pid, PLACEMENTS[placement].corosync);
      for (const { pid } of peers) pin(pid, PLACEMENTS[placement].clients);
      results.push(await measure(placement));
    }
  } finally {
    for (const pid of [bench.corosync.pid, ...peers.map((peer) => peer.pid)]) pin(pid, ANYWHERE);
  }
  return results;
}

/**
 * Runs `measure` as on a machine of its own: this process, and all that it starts, keep to one processor, and who `measure` moves has the
 * other one for itself. Else the other nodes of a cluster, which run with real-time priority, take the processor from who is measured.
 */
export async function besideOtherNodes<T>(measure: (move: (pid: number) => void) => Promise<T>): Promise<T> {
  pin(process.pid, '1');
  try {
    return await measure((pid) => pin(pid, '0'));
  } finally {
    pin(process.pid, ANYWHERE);
  }
}

function pin(pid: number, processors: string): void {
  execFileSync('taskset', ['--all-tasks', '--cpu-list', '--pid', processors, String(pid)]);
}
