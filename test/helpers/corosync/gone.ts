import { ConnectionError, CsError } from '../../../src/errors/index.ts';

/** What a connection tells its calls when it ends, here with the code of its cause. */
export function gone(cause?: unknown): ConnectionError {
  const code = cause instanceof CsError ? cause.code : 'CS_ERR_LIBRARY';
  const detail = cause instanceof Error ? cause.message : 'gone';
  return new ConnectionError(code, { operation: 'connection', detail, cause });
}
