import { QUORUM_READS } from '../codec/quorum/ids.ts';
import type { IpcOptions } from '../ipc/index.ts';
import { resolveConnectOptions, type ConnectOptions, type ServiceDescription } from '../service/index.ts';

/** How to reach corosync's quorum service. Its `bufferSize` is 65536 by default: the largest message is some hundred bytes. */
export type QuorumConnectOptions = ConnectOptions;

export const QUORUM_SERVICE: ServiceDescription = {
  name: 'quorum',
  reads: QUORUM_READS,
  operation: 'quorum_model_initialize',
  bufferSize: 64 * 1024,
};

/** Checks the options and fills in the defaults. */
export function resolveQuorumOptions(options: QuorumConnectOptions): IpcOptions {
  return resolveConnectOptions(options, QUORUM_SERVICE);
}
