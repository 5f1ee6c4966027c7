import { CsError, show } from '../errors/index.ts';

/** What every waiting call takes. */
export interface CallOptions {
  /** Aborting rejects the call with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds until the call rejects with CS_ERR_TIMEOUT; `Infinity` waits for ever. */
  readonly timeoutMs?: number | undefined;
}

/**
 * The call's own time limit, or else the connection's.
 * @throws CsError CS_ERR_INVALID_PARAM: it, or the signal, is none, or there is an option of another name.
 */
export function timeoutOf(
  options: CallOptions | undefined,
  defaultMs: number,
  operation: string,
  key?: string,
): number {
  const invalid = (detail: string): CsError =>
    new CsError('CS_ERR_INVALID_PARAM', { operation, key, detail });
  if (options !== undefined && (typeof options !== 'object' || (options as unknown) === null))
    throw invalid(`options are ${show(options)}; give an object`);
  for (const name of options === undefined ? [] : Object.keys(options)) {
    if (name !== 'signal' && name !== 'timeoutMs')
      throw invalid(`there is no option ${show(name)}; there are signal, timeoutMs`);
  }
  const signal = options?.signal as { addEventListener?: unknown } | null | undefined;
  if (signal !== undefined && typeof signal?.addEventListener !== 'function')
    throw invalid(`signal is ${show(signal)}; give an AbortSignal`);
  const timeoutMs: unknown = options?.timeoutMs ?? defaultMs;
  if (typeof timeoutMs === 'number' && timeoutMs >= 0) return timeoutMs;
  throw invalid(`timeoutMs is ${show(timeoutMs)}; give milliseconds of 0 or more, or Infinity`);
}
