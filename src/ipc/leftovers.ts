import fs from 'node:fs';

const FIRST_DELAY_MS = 10;
const LAST_DELAY_MS = 640;

/** What a server has made for one connection. */
export interface ServerFiles {
  /** Is there as long as the rest is. */
  readonly path: string;
  readonly serverPid: number;
  /** Must not throw. */
  remove(): void;
}

/**
 * A server that ends in good order removes a connection's files itself, and logs a warning if somebody else has.
 * One that was killed cannot: once its pid is gone they are removed here, as libqb's client does.
 */
export function removeWhenServerIsDead(files: ServerFiles, delayMs: number = FIRST_DELAY_MS): void {
  if (!fs.existsSync(files.path)) return;
  if (!isAlive(files.serverPid)) return files.remove();
  if (delayMs <= LAST_DELAY_MS) setTimeout(() => removeWhenServerIsDead(files, delayMs * 2), delayMs);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}
