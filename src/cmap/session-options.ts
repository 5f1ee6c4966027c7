import type { CmapMap } from '../codec/cmap/set-current-map.ts';
import { checkOptionNames, type OptionNames } from '../options/option-names.ts';
import { ASK_ONCE, resolveBackOff, SESSION_OPTION_NAMES, type SessionOptions } from '../session/index.ts';
import type { BackOffLimits } from '../session/index.ts';
import { resolveCmapOptions, type CmapConnectOptions } from './connect-options.ts';

/** How to reach corosync's configuration map, and how hard to try. */
export interface CmapSessionOptions extends SessionOptions {
  /** `'icmap'` (default) is the configuration and run-time map, `'stats'` the read-only map of statistics. */
  readonly map?: CmapMap | undefined;
}

export interface ResolvedCmapSessionOptions {
  readonly connect: CmapConnectOptions;
  readonly map: CmapMap;
  readonly timeoutMs: number;
  readonly bufferSize: number;
  readonly backOff: BackOffLimits;
}

const NAMES: OptionNames<CmapSessionOptions> = { ...SESSION_OPTION_NAMES, map: true };

/** Checks the options and fills in the defaults. @throws CsError CS_ERR_INVALID_PARAM or CS_ERR_NOT_EXIST: an option is wrong. */
export function resolveCmapSessionOptions(options: CmapSessionOptions): ResolvedCmapSessionOptions {
  checkOptionNames({ operation: 'session' }, options, NAMES);
  const { backOff, ...connect } = options;
  const limits = resolveBackOff(backOff);
  const { map, timeoutMs, bufferSize } = resolveCmapOptions(connect);
  return { connect: { ...connect, ...ASK_ONCE }, map, timeoutMs, bufferSize, backOff: limits };
}
