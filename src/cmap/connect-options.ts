import { CMAP_READS } from '../codec/cmap/ids.ts';
import { MAP_CODES, type CmapMap } from '../codec/cmap/set-current-map.ts';
import { show } from '../errors/index.ts';
import type { IpcOptions } from '../ipc/index.ts';
import { checkOptions } from '../options/check-options.ts';
import { object, Unfit, type Rule } from '../options/rules.ts';
import { connectRules, ipcOptions, type ConnectOptions, type ServiceDescription } from '../service/index.ts';

/** How to reach corosync's configuration map. Everything has a default that suits a local corosync. */
export interface CmapConnectOptions extends ConnectOptions {
  /** `'icmap'` (default) is the configuration and run-time map, `'stats'` the read-only map of statistics. */
  readonly map?: CmapMap | undefined;
}

export const CMAP_SERVICE: ServiceDescription = {
  name: 'cmap',
  reads: CMAP_READS,
  operation: 'cmap_initialize_map',
  bufferSize: 1024 * 1024,
};

/** libcmap answers CS_ERR_NOT_EXIST for a map that corosync does not have. */
export const mapRule: Rule<CmapMap> = (place, value) => {
  if (typeof value === 'string' && Object.hasOwn(MAP_CODES, value)) return value as CmapMap;
  throw new Unfit(
    `${place} is ${show(value)}; there is no such map; use 'icmap' or 'stats'`,
    'CS_ERR_NOT_EXIST',
  );
};

const connectRule = object<CmapConnectOptions>('connect', { map: mapRule, ...connectRules(CMAP_SERVICE) });

/** Checks the options and fills in the defaults. */
export function resolveCmapOptions(options: CmapConnectOptions): IpcOptions & { readonly map: CmapMap } {
  const { map = 'icmap', ...connect } = checkOptions(CMAP_SERVICE, options, connectRule);
  return Object.freeze({ map, ...ipcOptions(connect, CMAP_SERVICE, map) });
}
