import fs from 'node:fs';
import { removeRingFiles } from './ring-file.ts';
import { CONNECTION_DIRECTORY, SERVER_ROOT, sharedMemoryPaths } from './shared-memory-path.ts';

const FIRST_DELAY_MS = 10;
const LAST_DELAY_MS = 640;
/** A server removes its files in the same turn in which it closes the connection. */
const FORSAKEN_AFTER_MS = 1000;

/** What a server has made for one connection. */
export interface ServerFiles {
  /** Is there as long as the rest is. */
  readonly path: string;
  readonly serverPid: number;
  /** Ours, as the server sees it: another number, or 0, from another pid namespace. */
  readonly clientPid: number;
  /** Must not throw. */
  remove(): void;
}

/**
 * A server that ends in good order removes a connection's files itself, and logs a warning if somebody else has.
 * One that was killed cannot: once its pid is gone they are removed here, as libqb's client does. The server names the
 * pid that it saw of us; if that is not ours it lives in another pid namespace, and its own tells nothing here.
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

/**
 * For a connection that has ended. In another pid namespace, as in a container, no pid can be looked up; but if the server has closed
 * the connection, and its files are still there a second later, it was killed.
 * @param lost whether the server closed the connection
 */
export function removeLeftovers(files: ServerFiles, lost: boolean): void {
  if (files.clientPid === process.pid) removeWhenServerIsDead(files, lost);
  else if (lost) setTimeout(() => files.remove(), FORSAKEN_AFTER_MS);
}

/** After a handshake that was not answered: nobody has said which files the server had made for us by then. */
export function sweepWhenServerIsDead(service: string, sharedMemoryDirectory: string | undefined): void {
  for (const files of ofAllConnections(service, sharedMemoryDirectory)) removeWhenServerIsDead(files, true);
}

function ofAllConnections(service: string, sharedMemoryDirectory: string = SERVER_ROOT): ServerFiles[] {
  try {
    const names = fs.readdirSync(sharedMemoryDirectory).filter((name) => CONNECTION_DIRECTORY.test(name));
    return names.flatMap((name) => filesIn(name, service, sharedMemoryDirectory) ?? []);
  } catch {
    return []; // the failed handshake will be reported
  }
}

function filesIn(name: string, service: string, sharedMemoryDirectory: string): ServerFiles | undefined {
  const paths = sharedMemoryPaths(name, service, sharedMemoryDirectory);
  if (paths === undefined) return undefined;
  const { directory, serverPid, clientPid } = paths;
  const remove = (): void => {
    fs.rmSync(`${directory}/qb-control-${service}`, { force: true });
    removeRingFiles(paths);
  };
  return { path: directory, serverPid, clientPid, remove };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}
