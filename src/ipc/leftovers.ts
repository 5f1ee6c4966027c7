import fs from 'node:fs';

const FIRST_DELAY_MS = 10;
const LAST_DELAY_MS = 640;

/** What a server has made for one connection. */
export interface ServerFiles {
  /** Is there as long as the rest is. */
  readonly path: string;
  readonly serverPid: number;
  /** Ours, as the server sees it: 0, or another number, if it is in another process namespace, as in a container. */
  readonly clientPid: number;
  /** Must not throw. */
  remove(): void;
}

/**
 * A server that ends a connection, or ends itself in good order, removes the connection's files itself. One that was killed
 * cannot: once its pid is gone they are removed here, as libqb's client does. In another process namespace its pid tells
 * nothing, but then files that are still there a second after it closed the connection tell enough.
 */
export function removeWhenServerIsDead(files: ServerFiles, delayMs: number = FIRST_DELAY_MS): void {
  if (!fs.existsSync(files.path)) return;
  const isLast = delayMs > LAST_DELAY_MS;
  if (files.clientPid === process.pid ? !isAlive(files.serverPid) : isLast) return files.remove();
  if (!isLast) setTimeout(() => removeWhenServerIsDead(files, delayMs * 2), delayMs);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}
