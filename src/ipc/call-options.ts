import { CsError, show } from '../errors/index.ts';

/** What every waiting call takes. */
export interface CallOptions {
  /** Aborting rejects the call with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds until the call rejects with CS_ERR_TIMEOUT; `Infinity` waits for ever. */
  readonly timeoutMs?: number | undefined;
}

/** The call's own time limit, checked, or else the connection's. */
export function timeoutOf(options: CallOptions | undefined, defaultMs: number, operation: string): number {
  const timeoutMs: unknown = options?.timeoutMs ?? defaultMs;
  if (typeof timeoutMs === 'number' && timeoutMs >= 0) return timeoutMs;
  throw new CsError('CS_ERR_INVALID_PARAM', {
    operation,
    detail: `timeoutMs is ${show(timeoutMs)}; give milliseconds of 0 or more, or Infinity`,
  });
}
