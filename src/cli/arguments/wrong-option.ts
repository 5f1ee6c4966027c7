import { ConnectionError, CsError } from '../../errors/index.ts';

/** Whether the library has refused an option of a connection, before it asked corosync. */
export function isWrongOption(error: unknown): error is CsError {
  return (
    error instanceof CsError && !(error instanceof ConnectionError) && error.code === 'CS_ERR_INVALID_PARAM'
  );
}
