import { CsError, show } from '../errors/index.ts';
import { checkOptionNames, type OptionNames } from '../options/option-names.ts';
import type { ConnectOptions } from '../service/index.ts';
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

/** The names of the options that the sessions of all services have. */
export const SESSION_OPTION_NAMES: OptionNames<SessionOptions> = {
  socketName: true,
  socketDirectory: true,
  sharedMemoryDirectory: true,
  bufferSize: true,
  timeoutMs: true,
  backOff: true,
};

/** A session has a back-off of its own and tells of each attempt: its connections ask once. */
export const ASK_ONCE = { tryAgainAttempts: 0 } as const;

const BACK_OFF_NAMES: OptionNames<BackOffOptions> = {
  firstDelayMs: true,
  maxDelayMs: true,
  deniedDelayMs: true,
};

/** Checks the delays and fills in the defaults. @throws CsError CS_ERR_INVALID_PARAM: one is wrong. */
export function resolveBackOff(backOff: BackOffOptions = {}): BackOffLimits {
  checkOptionNames({ operation: 'session backOff' }, backOff, BACK_OFF_NAMES);
  const maxDelayMs = checkDelay('maxDelayMs', backOff.maxDelayMs ?? 10_000);
  const firstDelayMs = checkDelay('firstDelayMs', backOff.firstDelayMs ?? Math.min(100, maxDelayMs));
  if (maxDelayMs < firstDelayMs) throw invalid(`backOff.maxDelayMs ${maxDelayMs} is less than firstDelayMs`);
  const deniedDelayMs = checkDelay('deniedDelayMs', backOff.deniedDelayMs ?? 60_000);
  return { firstDelayMs, maxDelayMs, deniedDelayMs };
}

function checkDelay(name: string, value: number): number {
  if (Number.isInteger(value) && value >= 10 && value <= 86_400_000) return value;
  throw invalid(`backOff.${name} is ${show(value)}; it ranges from 10 to 86400000`);
}

function invalid(detail: string): CsError {
  return new CsError('CS_ERR_INVALID_PARAM', { operation: 'session', detail });
}
