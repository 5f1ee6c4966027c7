import type { CmapConnectOptions, OptionNames } from '../cmap/index.ts';
import { checkOptionNames, resolveConnectOptions } from '../cmap/index.ts';
import { CsError, show } from '../errors/index.ts';
import type { BackOffLimits } from './back-off.ts';

/** How to reach corosync, and how hard to try. */
export interface SessionOptions extends Omit<
  CmapConnectOptions,
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

export interface ResolvedSessionOptions {
  readonly connect: CmapConnectOptions;
  readonly map: 'icmap' | 'stats';
  readonly timeoutMs: number;
  readonly bufferSize: number;
  readonly backOff: BackOffLimits;
}

const OPERATION = 'session';
const NAMES: OptionNames<SessionOptions> = {
  map: true,
  socketName: true,
  socketDirectory: true,
  sharedMemoryDirectory: true,
  bufferSize: true,
  timeoutMs: true,
  backOff: true,
};
const BACK_OFF_NAMES: OptionNames<BackOffOptions> = {
  firstDelayMs: true,
  maxDelayMs: true,
  deniedDelayMs: true,
};

export function resolveSessionOptions(options: SessionOptions): ResolvedSessionOptions {
  checkOptionNames({ operation: OPERATION }, options, NAMES);
  const { backOff = {}, ...connect } = options;
  checkOptionNames({ operation: `${OPERATION} backOff` }, backOff, BACK_OFF_NAMES);
  const { map, timeoutMs, bufferSize } = resolveConnectOptions(connect);
  const maxDelayMs = checkDelay('maxDelayMs', backOff.maxDelayMs ?? 10_000);
  const firstDelayMs = checkDelay('firstDelayMs', backOff.firstDelayMs ?? Math.min(100, maxDelayMs));
  if (maxDelayMs < firstDelayMs) throw invalid(`backOff.maxDelayMs ${maxDelayMs} is less than firstDelayMs`);
  const deniedDelayMs = checkDelay('deniedDelayMs', backOff.deniedDelayMs ?? 60_000);
  // The session has a back-off of its own, and tells of each attempt.
  return {
    connect: { ...connect, tryAgainAttempts: 0 },
    map,
    timeoutMs,
    bufferSize,
    backOff: { firstDelayMs, maxDelayMs, deniedDelayMs },
  };
}

function checkDelay(name: string, value: number): number {
  if (Number.isInteger(value) && value >= 10 && value <= 86_400_000) return value;
  throw invalid(`backOff.${name} is ${show(value)}; it ranges from 10 to 86400000`);
}

function invalid(detail: string): CsError {
  return new CsError('CS_ERR_INVALID_PARAM', { operation: OPERATION, detail });
}
