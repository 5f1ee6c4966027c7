import { CPG_READS } from '../codec/cpg/ids.ts';
import type { IpcOptions } from '../ipc/index.ts';
import { resolveConnectOptions, type ConnectOptions, type ServiceDescription } from '../service/index.ts';

/**
 * How to reach corosync's cpg service. Its `bufferSize` is 1179648 by default, and at the least: corosync's largest event fits, and a connection that gets
 * one which does not would hear nothing more.
 */
export type CpgConnectOptions = ConnectOptions;

/** Any client of any node can send messages of up to about 1,113,000 bytes, whatever libcpg allows. */
const LEAST_BUFFER = 1_179_648;

export const CPG_SERVICE: ServiceDescription = {
  name: 'cpg',
  reads: CPG_READS,
  operation: 'cpg_model_initialize',
  bufferSize: LEAST_BUFFER,
  leastBufferSize: LEAST_BUFFER,
};

/** Checks the options and fills in the defaults. */
export function resolveCpgOptions(options: CpgConnectOptions): IpcOptions {
  return resolveConnectOptions(options, CPG_SERVICE);
}
