import { MAP_CODES, type CmapMap } from '../codec/cmap/set-current-map.ts';
import { CsError, show } from '../errors/index.ts';
import type { IpcOptions } from '../ipc/index.ts';
import { checkOptionNames, type OptionNames } from '../options/option-names.ts';
import {
  CONNECT_OPTION_NAMES,
  resolveConnectOptions,
  type ConnectOptions,
  type ServiceDescription,
} from '../service/index.ts';

/** How to reach corosync's configuration map. Everything has a default that suits a local corosync. */
export interface CmapConnectOptions extends ConnectOptions {
  /** `'icmap'` (default) is the configuration and run-time map, `'stats'` the read-only map of statistics. */
  readonly map?: CmapMap | undefined;
}

export const CMAP_SERVICE: ServiceDescription = {
  name: 'cmap',
  operation: 'cmap_initialize_map',
  bufferSize: 1024 * 1024,
};

const NAMES: OptionNames<CmapConnectOptions> = { ...CONNECT_OPTION_NAMES, map: true };

/** Checks the options and fills in the defaults. */
export function resolveCmapOptions(options: CmapConnectOptions): IpcOptions & { readonly map: CmapMap } {
  checkOptionNames({ operation: CMAP_SERVICE.operation }, options, NAMES);
  const map = checkMap(options.map ?? 'icmap');
  return { map, ...resolveConnectOptions(options, CMAP_SERVICE) };
}

/** libcmap answers CS_ERR_NOT_EXIST for a map that corosync does not have. */
function checkMap(map: string): CmapMap {
  if (typeof map === 'string' && Object.hasOwn(MAP_CODES, map)) return map as CmapMap;
  throw new CsError('CS_ERR_NOT_EXIST', {
    operation: CMAP_SERVICE.operation,
    detail: `there is no map ${show(map)}; use 'icmap' or 'stats'`,
  });
}
