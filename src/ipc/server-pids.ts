import fs from 'node:fs';
import { ConnectionError } from '../errors/index.ts';

/** The kernel's constant name of the first pid namespace (PROC_PID_INIT_INO): all others lie below it. */
const FIRST_PID_NAMESPACE = 'pid:[4026531836]';

/** The pids in the name of what a server has made for one client. */
export interface HandshakePids {
  readonly serverPid: number;
  /** Of the client as the server sees it: another number, or 0, from another pid namespace. */
  readonly clientPid: number;
}

/**
 * Whether the client that a server means can be this process. In its own pid namespace the server sees our pid. In a namespace below
 * ours it sees 0. In one above or beside it sees a number that we cannot know: then whatever is not known to be wrong passes, and
 * the other checks of the files decide.
 */
export function canMeanUs({ serverPid, clientPid }: HandshakePids): boolean {
  if (clientPid === process.pid) return true;
  // A fake corosync cannot learn the pids of its clients, and gives its own; a real one is no client of its own.
  if (clientPid === serverPid) return true;
  if (isCorosyncHere(serverPid)) return false;
  return clientPid === 0 || !inFirstNamespace();
}

/** @param path what the server has named @throws ConnectionError CS_ERR_SECURITY: it was made for another client. */
export function checkMeansUs(path: string, pids: HandshakePids): void {
  if (canMeanUs(pids)) return;
  throw new ConnectionError('CS_ERR_SECURITY', {
    operation: 'connect',
    detail: `the server names ${path}, which corosync has made for another client; whatever listens on this socket is not corosync`,
  });
}

function inFirstNamespace(): boolean {
  return readLink('/proc/self/ns/pid') === FIRST_PID_NAMESPACE;
}

/** Whether a corosync has this pid in our own namespace. */
function isCorosyncHere(pid: number): boolean {
  if (readLink('/proc/self') !== String(process.pid)) return false; // the /proc of another namespace
  try {
    return fs.readFileSync(`/proc/${pid}/comm`, 'latin1').trimEnd() === 'corosync';
  } catch {
    return false;
  }
}

function readLink(path: string): string | undefined {
  try {
    return fs.readlinkSync(path);
  } catch {
    return undefined;
  }
}
