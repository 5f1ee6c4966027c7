import type { CmapMap } from '../codec/cmap/set-current-map.ts';
import { checkOptions } from '../options/check-options.ts';
import { object } from '../options/rules.ts';
import { sessionRules, type BackOffOptions, type SessionOptions } from '../session/index.ts';
import { CMAP_SERVICE, mapRule, resolveCmapOptions, type CmapConnectOptions } from './connect-options.ts';

/** How to reach corosync's configuration map, and how hard to try. */
export interface CmapSessionOptions extends SessionOptions {
  /** `'icmap'` (default) is the configuration and run-time map, `'stats'` the read-only map of statistics. */
  readonly map?: CmapMap | undefined;
}

interface ResolvedCmapSessionOptions {
  /** The user's, of connecting. */
  readonly given: CmapConnectOptions;
  readonly map: CmapMap;
  readonly timeoutMs: number;
  readonly bufferSize: number;
  readonly backOff: BackOffOptions | undefined;
}

const sessionRule = object<CmapSessionOptions>('a session', { map: mapRule, ...sessionRules(CMAP_SERVICE) });

/** Checks the options, each by itself, and fills in the defaults. @throws CsError CS_ERR_INVALID_PARAM or CS_ERR_NOT_EXIST: an option is wrong. */
export function resolveCmapSessionOptions(options: CmapSessionOptions): ResolvedCmapSessionOptions {
  const { backOff, ...given } = checkOptions({ operation: 'session' }, options, sessionRule);
  const { map, timeoutMs, bufferSize } = resolveCmapOptions(given);
  return { given, map, timeoutMs, bufferSize, backOff };
}
