import fs from 'node:fs';
import { isAlive, type ConnectionFiles } from './connection-files.ts';
import { removeRingFiles } from './shared-memory/ring-file.ts';
import { CONNECTION_DIRECTORY, SERVER_ROOT, sharedMemoryPaths } from './shared-memory/shared-memory-path.ts';
import { checkTrustedDirectory } from './trusted-file.ts';

const FIRST_DELAY_MS = 10;
const LAST_DELAY_MS = 640;
/** A server removes its files in the same turn in which it closes the connection. */
const FORSAKEN_AFTER_MS = 1000;
/** What a server needs for its half of a handshake, many times over. */
const ABANDONED_AFTER_MS = 50;
/** The kernel's time of a file is behind by up to a tick. */
const CLOCK_SLACK_MS = 100;

/** What a server has made for one connection. */
export interface ServerFiles extends ConnectionFiles {
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

/** A handshake that has come to nothing: nobody has said which files the server had made for us by then. */
export interface BrokenHandshake {
  readonly service: string;
  readonly sharedMemoryDirectory: string | undefined;
  /** When it began, in ms since 1970. */
  readonly startedAt: number;
}

/** After a handshake that was not answered. */
export function sweepWhenServerIsDead(handshake: BrokenHandshake, stayFor = true): void {
  for (const files of ofHandshake(handshake)) removeWhenServerIsDead(files, stayFor);
}

/** After a handshake that was given up: the server may be killed while it is still at it. */
export function sweepAbandoned(handshake: BrokenHandshake): void {
  setTimeout(() => sweepWhenServerIsDead(handshake, false), ABANDONED_AFTER_MS).unref();
}

function ofHandshake({
  service,
  sharedMemoryDirectory = SERVER_ROOT,
  startedAt,
}: BrokenHandshake): ServerFiles[] {
  const names = namesIn(sharedMemoryDirectory).filter((name) => CONNECTION_DIRECTORY.test(name));
  return names.flatMap((name) => {
    const files = filesIn(name, service, sharedMemoryDirectory);
    return files !== undefined && isOfServer(files.path, startedAt) ? files : [];
  });
}

function namesIn(directory: string): string[] {
  try {
    return fs.readdirSync(directory);
  } catch {
    return []; // the failed handshake will be reported
  }
}

/**
 * Anybody can write to /dev/shm, so no link is followed to somebody else's files; and where containers share it, what
 * is older may be of a client that has our pid in a namespace of its own.
 */
function isOfServer(directory: string, startedAt: number): boolean {
  try {
    checkTrustedDirectory(directory);
    return fs.lstatSync(directory).mtimeMs >= startedAt - CLOCK_SLACK_MS;
  } catch {
    return false;
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
