import { CsError } from '../errors/index.ts';
import { integer, object, type RulesOf } from '../options/rules.ts';
import { connectRules, type ConnectOptions, type ServiceDescription } from '../service/index.ts';
import type { BackOffLimits } from './back-off.ts';

/** How to reach corosync, and how hard to try. */
export interface SessionOptions extends Omit<
  ConnectOptions,
  'signal' | 'tryAgainAttempts' | 'tryAgainDelayMs'
> {
  /** How long to wait between attempts to connect. */
  readonly backOff?: BackOffOptions | undefined;
}

/** Delays in milliseconds, 10 to 86400000; each is varied at random by a quarter either way. */
export interface BackOffOptions {
  /** The first one; the next ones double. Default 100, or `maxDelayMs` if that is less. */
  readonly firstDelayMs?: number | undefined;
  /** The longest. Default 10000. */
  readonly maxDelayMs?: number | undefined;
  /** After CS_ERR_ACCESS and CS_ERR_NO_SPACE, which corosync logs each time. Default 60000. */
  readonly deniedDelayMs?: number | undefined;
}

const delay = integer(10, 86_400_000);
export const backOffRule = object<BackOffOptions>('backOff', {
  firstDelayMs: delay,
  maxDelayMs: delay,
  deniedDelayMs: delay,
});

/** The rules of the options that the sessions of all services have. */
export function sessionRules(service: ServiceDescription): RulesOf<SessionOptions> {
  const { access, socketName, socketDirectory, sharedMemoryDirectory, bufferSize, timeoutMs } =
    connectRules(service);
  return {
    access,
    socketName,
    socketDirectory,
    sharedMemoryDirectory,
    bufferSize,
    timeoutMs,
    backOff: backOffRule,
  };
}

/**
 * Fills in the defaults of delays that have been checked, each by itself.
 * @throws CsError CS_ERR_INVALID_PARAM: they do not go together
 */
export function resolveBackOff(given: BackOffOptions = {}): BackOffLimits {
  const { maxDelayMs = 10_000, deniedDelayMs = 60_000 } = given;
  const { firstDelayMs = Math.min(100, maxDelayMs) } = given;
  if (firstDelayMs <= maxDelayMs) return Object.freeze({ firstDelayMs, maxDelayMs, deniedDelayMs });
  const detail = `options.backOff.maxDelayMs is ${maxDelayMs}; it must be firstDelayMs, ${firstDelayMs}, or more`;
  throw new CsError('CS_ERR_INVALID_PARAM', { operation: 'session', detail });
}
