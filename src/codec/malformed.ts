import { CsError } from '../errors/index.ts';

/** Bytes from the other side that break the protocol. They are input like any other: never trusted, never ignored. */
export function malformed(detail: string): CsError {
  return new CsError('CS_ERR_MESSAGE_ERROR', { operation: 'decode', detail });
}
