import type { CfgClient, CmapClient, ConnectOptions, QuorumClient, VotequorumClient } from '../../index.ts';

/** The parts of the clients that what is asked of a cluster needs. */
export type CmapReader = Pick<CmapClient, 'get' | 'entries' | 'close'>;
export type QuorumReader = Pick<QuorumClient, 'type' | 'getQuorate' | 'track' | 'close'>;
export type VotequorumReader = Pick<VotequorumClient, 'getInfo' | 'track' | 'close'>;
export type CfgReader = Pick<CfgClient, 'localNodeId' | 'nodeStatus' | 'nodeAddresses' | 'close'>;

/** Connects to the services, so that tests can bring their own. */
export interface Connector {
  readonly cmap: () => Promise<CmapReader>;
  readonly quorum: () => Promise<QuorumReader>;
  readonly votequorum: () => Promise<VotequorumReader>;
  readonly cfg: () => Promise<CfgReader>;
}

/** Connects to the local corosync. The library is loaded when it is needed. */
export function localConnector(options: ConnectOptions): Connector {
  return {
    cmap: async () => (await import('../../index.ts')).CmapClient.connect(options),
    quorum: async () => (await import('../../index.ts')).QuorumClient.connect(options),
    votequorum: async () => (await import('../../index.ts')).VotequorumClient.connect(options),
    cfg: async () => (await import('../../index.ts')).CfgClient.connect(options),
  };
}
