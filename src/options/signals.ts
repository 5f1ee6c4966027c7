import { rule } from './rules.ts';

/**
 * Whatever has all of an AbortSignal that is used here. One of another realm or package is good enough; but its methods and getters are
 * somebody else's code, which may throw. So they are called by what is in this file only.
 */
export const abortSignal = rule('an AbortSignal', isSignal);

function isSignal(value: unknown): value is AbortSignal {
  if (typeof value !== 'object' || value === null) return false;
  const { addEventListener, removeEventListener, aborted } = value as Partial<
    Record<keyof AbortSignal, unknown>
  >;
  return (
    typeof addEventListener === 'function' &&
    typeof removeEventListener === 'function' &&
    typeof aborted === 'boolean'
  );
}

/** What whoever aborted gave as the reason. Never throws: what a getter throws is a reason, too. */
export function reasonOf(signal: AbortSignal): unknown {
  try {
    return signal.reason ?? new DOMException('This operation was aborted', 'AbortError');
  } catch (error) {
    return error;
  }
}

/** Never throws: a signal that does not tell has not aborted. */
export function isAborted(signal: AbortSignal | undefined): signal is AbortSignal {
  try {
    return signal?.aborted === true;
  } catch {
    return false;
  }
}

/** As `signal.throwIfAborted`, which not all signals have. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (isAborted(signal)) throw reasonOf(signal);
}
