import { pidOf, type RunningProgram } from '../../cli/program.ts';
import type { PrivateCorosync } from '../corosync/private-corosync.ts';
import { waitUntil } from '../wait-until.ts';

interface Asker {
  readonly child: RunningProgram;
  /** Whether it is a client of ours on icmap: over datagrams it asks once more, to learn that corosync lets it in. */
  readonly asksFirst: boolean;
}

/** Waits until corosync has had so many requests of the program's own, such as one for each tracker that it adds. */
export async function untilAsked(
  corosync: PrivateCorosync,
  { child, asksFirst }: Asker,
  requests: number,
): Promise<void> {
  const all = requests + (asksFirst && corosync.ipcType === 'socket' ? 1 : 0);
  await waitUntil(`${child.spawnargs.join(' ')} has made ${requests} requests`, async () => {
    if (child.exitCode !== null) throw new Error(`it has ended with ${child.exitCode}`);
    const [stats] = await corosync.ipcStats(pidOf(child));
    return (stats?.counters.requests ?? 0) >= all;
  });
}
