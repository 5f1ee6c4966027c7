import fs from 'node:fs';
import { isAlive, type ConnectionFiles } from './connection-files.ts';
import { removeRingFiles } from './shared-memory/ring-file.ts';
import { CONNECTION_DIRECTORY, sharedMemoryPaths } from './shared-memory/shared-memory-path.ts';
import type { Moment } from './moment.ts';
import { isStill, checkTrustedDirectory, type FileIdentity } from './trusted-file.ts';
import { areUnused } from './unused-files.ts';

const FIRST_DELAY_MS = 10;
const LAST_DELAY_MS = 640;
/** A server removes its files in the same turn in which it closes the connection. */
const FORSAKEN_AFTER_MS = 1000;

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
function removeWhenServerIsDead(
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

/** Where and when a handshake has been begun. */
export interface Handshake {
  readonly service: string;
  readonly sharedMemoryDirectory: string;
  readonly since: Moment;
}

/** After a handshake that was not answered: nobody has said which files the server had made for us by then. */
export function sweepWhenServerIsDead(handshake: Handshake, stayFor = true): void {
  for (const files of ofHandshake(handshake)) removeWhenServerIsDead(files, stayFor);
}

/**
 * Anybody can write to /dev/shm, and where containers share it, a client may have our pid in a namespace of its own. So nothing is ours
 * but what is in every way as a server makes it for us and leaves it when it is killed: new, and used by nobody.
 */
function ofHandshake({ service, sharedMemoryDirectory, since }: Handshake): ServerFiles[] {
  const names = namesIn(sharedMemoryDirectory).filter((name) => CONNECTION_DIRECTORY.test(name));
  return names.flatMap((name) => {
    const paths = sharedMemoryPaths(name, service, sharedMemoryDirectory);
    if (paths?.clientPid !== process.pid) return [];
    const { directory: path, serverPid, clientPid } = paths;
    const identity = identityOf(path, since);
    if (identity === undefined) return [];
    const remove = (): void => {
      if (!isStill(identity, path) || !areUnused(path, service)) return;
      removeRingFiles(paths, `${path}/qb-control-${service}`);
    };
    return { path, serverPid, clientPid, remove };
  });
}

function namesIn(directory: string): string[] {
  try {
    return fs.readdirSync(directory);
  } catch {
    return []; // the failed handshake will be reported
  }
}

function identityOf(directory: string, since: Moment): FileIdentity | undefined {
  try {
    return checkTrustedDirectory(directory, since);
  } catch {
    return undefined;
  }
}
