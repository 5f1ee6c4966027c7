import fs from 'node:fs';
import { removeRingFiles } from './ring-file.ts';
import type { SharedMemoryPaths } from './shared-memory-path.ts';

const FIRST_DELAY_MS = 10;
const LAST_DELAY_MS = 640;

/**
 * A server that ends in good order removes a connection's files itself, and logs a warning if somebody else has.
 * One that was killed cannot: once its pid is gone they are removed here, as libqb's client does.
 */
export function removeWhenServerIsDead(paths: SharedMemoryPaths, delayMs: number = FIRST_DELAY_MS): void {
  if (!fs.existsSync(paths.directory)) return;
  if (!isAlive(paths.serverPid)) return removeRingFiles(paths);
  if (delayMs <= LAST_DELAY_MS) setTimeout(() => removeWhenServerIsDead(paths, delayMs * 2), delayMs);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}
