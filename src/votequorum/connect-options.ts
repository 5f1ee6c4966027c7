import { VOTEQUORUM_READS } from '../codec/votequorum/ids.ts';
import type { IpcOptions } from '../ipc/index.ts';
import { resolveConnectOptions, type ConnectOptions, type ServiceDescription } from '../service/index.ts';

/** How to reach corosync's votequorum service. Its `bufferSize` is 65536 by default: the largest message is some thousand bytes. */
export type VotequorumConnectOptions = ConnectOptions;

export const VOTEQUORUM_SERVICE: ServiceDescription = {
  name: 'votequorum',
  reads: VOTEQUORUM_READS,
  operation: 'votequorum_initialize',
  bufferSize: 64 * 1024,
};

/** Checks the options and fills in the defaults. */
export function resolveVotequorumOptions(options: VotequorumConnectOptions): IpcOptions {
  return resolveConnectOptions(options, VOTEQUORUM_SERVICE);
}
