import fs from 'node:fs';
import { removeRingFiles } from './ring-file.ts';
import { sharedMemoryPaths, type SharedMemoryPaths } from './shared-memory-path.ts';

const FIRST_DELAY_MS = 10;
const LAST_DELAY_MS = 640;

/**
 * A server that ends in good order removes a connection's files itself, and logs a warning if somebody else has.
 * One that was killed cannot: once its pid is gone they are removed here, as libqb's client does. The server names the
 * pid that it saw of us; if that is not ours it lives in another pid namespace, and its own tells nothing here.
 * @param stayFor whether the process is to live until this is decided
 */
export function removeWhenServerIsDead(
  paths: SharedMemoryPaths,
  stayFor: boolean,
  delayMs: number = FIRST_DELAY_MS,
): void {
  if (paths.clientPid !== process.pid || !fs.existsSync(paths.directory)) return;
  if (!isAlive(paths.serverPid)) return removeRingFiles(paths);
  if (delayMs > LAST_DELAY_MS) return;
  const timer = setTimeout(() => removeWhenServerIsDead(paths, stayFor, delayMs * 2), delayMs);
  if (!stayFor) timer.unref();
}

/** The same after a handshake that was not answered: nobody has said which files the server had made for us by then. */
export function sweepWhenServerIsDead(service: string, sharedMemoryDirectory: string | undefined): void {
  for (const paths of ofAllConnections(service, sharedMemoryDirectory)) removeWhenServerIsDead(paths, true);
}

function ofAllConnections(service: string, sharedMemoryDirectory?: string): SharedMemoryPaths[] {
  try {
    const names = fs.readdirSync(sharedMemoryDirectory ?? '/dev/shm');
    return names.flatMap((name) => sharedMemoryPaths(name, service, sharedMemoryDirectory) ?? []);
  } catch {
    return []; // the failed handshake will be reported
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}
