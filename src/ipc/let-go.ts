import fs from 'node:fs';
import { isAlive, type ConnectionFiles } from './connection-files.ts';

const FIRST_DELAY_MS = 1;
const LONGEST_DELAY_MS = 16;
/** How long to wait for a server whose pid tells nothing here: one that stands still for longer has lost its token. */
const MOST_MS = 10_000;

/**
 * Calls back when corosync has let go of a connection that we have closed: it removes the files in the same turn in which it finalizes the
 * connection's iterators, and handles no more of its requests. A corosync that stands still handles nobody else's either, so nobody
 * loses by waiting for it.
 */
export function whenLetGo(files: ConnectionFiles, letGo: () => void): void {
  const closedAt = performance.now();
  const look = (delayMs: number): void => {
    if (hasLetGo(files, performance.now() - closedAt)) return letGo();
    setTimeout(() => look(Math.min(delayMs * 2, LONGEST_DELAY_MS)), delayMs).unref();
  };
  look(FIRST_DELAY_MS);
}

/** Whether it has, so long after the connection was closed. */
export function hasLetGo({ path, serverPid, clientPid }: ConnectionFiles, waitedMs: number): boolean {
  if (!fs.existsSync(path)) return true;
  // A server that sees another pid of us lives in another pid namespace.
  return clientPid === process.pid ? !isAlive(serverPid) : waitedMs > MOST_MS;
}
