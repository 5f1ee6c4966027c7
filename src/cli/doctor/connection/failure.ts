import { constants } from 'node:os';
import { ConnectionError, CsError, type CsErrorName } from '../../../errors/index.ts';

/**
 * Where it failed: corosync's answer, our socket, our opening of the files, or a call on the connection. `other`: nothing that a system
 * has refused.
 */
export type Place = 'answer' | 'socket' | 'files' | 'call' | 'other';

/** What doctor has to know of an error. */
export interface Failure {
  readonly place: Place;
  readonly code: CsErrorName | undefined;
  /** The name of the system error, for example `EACCES`. */
  readonly errno: string | undefined;
}

export function failureOf(error: unknown): Failure {
  if (!(error instanceof CsError)) return { place: 'other', code: undefined, errno: undefined };
  const system = systemErrorIn(error.cause);
  const errno = system?.code ?? nameOfErrno(error.errno);
  return { place: placeOf(error, system), code: error.code, errno };
}

function placeOf(error: CsError, system: SystemError | undefined): Place {
  const connecting = error instanceof ConnectionError && error.operation === 'connect';
  if (system === undefined) return connecting && error.errno !== undefined ? 'answer' : 'other';
  // To connect, too, the files are read and written when they are open.
  if (!connecting || system.syscall === 'read' || system.syscall === 'write') return 'call';
  return system.syscall === 'connect' ? 'socket' : 'files';
}

/** What Node.js says of a system call. */
interface SystemError {
  readonly code: string;
  readonly syscall: string;
}

function systemErrorIn(cause: unknown): SystemError | undefined {
  if (!(cause instanceof Error)) return undefined;
  const { code, syscall } = cause as Partial<SystemError>;
  if (typeof code === 'string' && typeof syscall === 'string') return { code, syscall };
  return systemErrorIn(cause.cause);
}

/** The library says `errno 30` of those that corosync does not know either. */
function nameOfErrno(errno: string | undefined): string | undefined {
  const number = /^errno (\d+)$/.exec(errno ?? '')?.[1];
  if (number === undefined) return errno;
  return Object.entries(constants.errno).find(([, value]) => value === Number(number))?.[0] ?? errno;
}
