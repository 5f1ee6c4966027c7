import { ConnectionError } from '../errors/index.ts';

/**
 * Bytes from the other side that break the protocol. They are input like any other: never trusted, never ignored. corosync does not
 * send such bytes, so whoever does is not corosync, and no connection survives it.
 */
export class MalformedError extends ConnectionError {
  constructor(detail: string) {
    super('CS_ERR_SECURITY', { operation: 'decode', detail });
  }
}

export function malformed(detail: string): MalformedError {
  return new MalformedError(detail);
}
