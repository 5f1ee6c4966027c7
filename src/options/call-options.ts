import { checkOptions } from './check-options.ts';
import { duration, object } from './rules.ts';
import { abortSignal } from './signals.ts';

/** What every waiting call takes. */
export interface CallOptions {
  /** Aborting rejects the call with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds until the call rejects with CS_ERR_TIMEOUT; `Infinity` waits for ever. */
  readonly timeoutMs?: number | undefined;
}

/** The rules for them, for options that have more. */
export const CALL_RULES = { signal: abortSignal, timeoutMs: duration } as const;

const callRule = object<CallOptions>('a call', CALL_RULES);

/** Call options that have been checked: what ends the waiting of a call. */
export class CallLimits {
  /** Milliseconds, or Infinity. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;

  constructor(timeoutMs: number, signal?: AbortSignal) {
    this.timeoutMs = timeoutMs;
    this.signal = signal;
    Object.freeze(this);
  }

  /** What is left of them for a call that began at `startedAt`, on the clock of `performance.now()`. */
  restSince(startedAt: number): CallLimits {
    return new CallLimits(Math.max(startedAt + this.timeoutMs - performance.now(), 0), this.signal);
  }
}

/**
 * The limits of a call. What its options do not state is the default; limits are as they are.
 * @throws CsError CS_ERR_INVALID_PARAM: an option has no such value, or there is none of that name
 */
export function checkCallOptions(
  options: CallOptions | undefined,
  defaults: CallLimits,
  operation: string,
  key?: string,
): CallLimits {
  // Most calls have none; they must cost nothing.
  if (options === undefined) return defaults;
  if (options instanceof CallLimits) return options;
  const { signal, timeoutMs = defaults.timeoutMs } = checkOptions({ operation, key }, options, callRule);
  return new CallLimits(timeoutMs, signal);
}
