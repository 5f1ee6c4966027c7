import fs from 'node:fs';
import { removeRingFiles } from './ring-file.ts';
import { SERVER_ROOT, sharedMemoryPaths } from './shared-memory-path.ts';

const FIRST_DELAY_MS = 10;
const LAST_DELAY_MS = 640;

/** What a server has made for one connection. */
export interface ServerFiles {
  /** Is there as long as the rest is. */
  readonly path: string;
  readonly serverPid: number;
  /** The client's, as the server sees it: another number, or 0, from another pid namespace. */
  readonly clientPid: number;
  /** Must not throw. */
  remove(): void;
}

/**
 * A server that ends in good order removes a connection's files itself, and logs a warning if somebody else has.
 * One that was killed cannot: once its pid is gone they are removed here, as libqb's client does. If the client's pid is not
 * ours, the server lives in another pid namespace, and its own pid tells nothing here.
 * @param stayFor whether the process is to live until this is decided
 */
export function removeWhenServerIsDead(
  files: ServerFiles,
  stayFor: boolean,
  delayMs: number = FIRST_DELAY_MS,
): void {
  if (files.clientPid !== process.pid || !fs.existsSync(files.path)) return;
  if (!isAlive(files.serverPid)) return files.remove();
  if (delayMs > LAST_DELAY_MS) return;
  const timer = setTimeout(() => removeWhenServerIsDead(files, stayFor, delayMs * 2), delayMs);
  if (!stayFor) timer.unref();
}

/** The same after a handshake that was not answered: nobody has said which files the server had made for us by then. */
export function sweepWhenServerIsDead(service: string, sharedMemoryDirectory: string = SERVER_ROOT): void {
  for (const name of namesIn(sharedMemoryDirectory)) {
    const paths = sharedMemoryPaths(name, service, sharedMemoryDirectory);
    if (paths === undefined) continue;
    const { directory, serverPid, clientPid } = paths;
    const remove = (): void => {
      removeFiles([`${directory}/qb-control-${service}`], undefined); // of datagram sockets
      removeRingFiles(paths);
    };
    removeWhenServerIsDead({ path: directory, serverPid, clientPid, remove }, true);
  }
}

/** Files that are gone already are what we want. */
export function removeFiles(files: readonly string[], directory: string | undefined): void {
  try {
    for (const file of files) fs.rmSync(file, { force: true });
    if (directory !== undefined) fs.rmdirSync(directory);
  } catch {
    // Gone already, or no longer ours to remove: nobody would be helped by an error here.
  }
}

function namesIn(directory: string): string[] {
  try {
    return fs.readdirSync(directory);
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
