import { CFG_READS } from '../codec/cfg/ids.ts';
import type { IpcOptions } from '../ipc/index.ts';
import { resolveConnectOptions, type ConnectOptions, type ServiceDescription } from '../service/index.ts';

/** How to reach corosync's cfg service. Its `bufferSize` is 65536 by default: the largest message has 10272 bytes. */
export type CfgConnectOptions = ConnectOptions;

export const CFG_SERVICE: ServiceDescription = {
  name: 'cfg',
  reads: CFG_READS,
  operation: 'corosync_cfg_initialize',
  bufferSize: 64 * 1024,
};

/** Checks the options and fills in the defaults. */
export function resolveCfgOptions(options: CfgConnectOptions): IpcOptions {
  return resolveConnectOptions(options, CFG_SERVICE);
}
