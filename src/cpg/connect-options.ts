import { CPG_READS } from '../codec/cpg/ids.ts';
import type { IpcOptions } from '../ipc/index.ts';
import { checkOptions } from '../options/check-options.ts';
import { integer, object, type RulesOf } from '../options/rules.ts';
import { connectRules, ipcOptions, type ConnectOptions, type ServiceDescription } from '../service/index.ts';

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
};

export const bufferSizeRule = integer(LEAST_BUFFER, 16 * 1024 * 1024);

const CONNECT_RULES: RulesOf<CpgConnectOptions> = {
  ...connectRules(CPG_SERVICE),
  bufferSize: bufferSizeRule,
};
const connectRule = object<CpgConnectOptions>('connect', CONNECT_RULES);

/** Checks the options and fills in the defaults. */
export function resolveCpgOptions(options: CpgConnectOptions): IpcOptions {
  return ipcOptions(checkOptions(CPG_SERVICE, options, connectRule), CPG_SERVICE);
}
