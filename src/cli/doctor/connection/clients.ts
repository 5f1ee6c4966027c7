import type { Surroundings } from '../surroundings.ts';

const SHOWN = 3;
/** libqb's name of the directory of a connection. */
const DIRECTORY = /^qb-(?<serverPid>\d+)-(?<clientPid>\d+)-\d+-[A-Za-z0-9]{6}$/;

/** Who holds connections, as the names of their directories tell: `pid 7 has 12, pid 9 has 1`. */
export function connectionsOf({ files, sharedMemoryDirectory, corosync }: Surroundings): string {
  const counts = new Map<string, number>();
  for (const name of files.names(sharedMemoryDirectory) ?? []) {
    const { serverPid, clientPid } = DIRECTORY.exec(name)?.groups ?? {};
    if (clientPid === undefined || Number(serverPid) !== corosync?.pid) continue;
    counts.set(clientPid, (counts.get(clientPid) ?? 0) + 1);
  }
  const most = [...counts].sort(([, one], [, other]) => other - one);
  return most
    .slice(0, SHOWN)
    .map(([pid, count]) => `pid ${pid} has ${count}`)
    .join(', ');
}
