import type {
  CfgClient,
  CmapClient,
  ConnectOptions,
  CpgClient,
  QuorumClient,
  VotequorumClient,
} from '../../index.ts';

/** The parts of the clients that what is asked of a cluster needs. */
export type CmapReader = Pick<CmapClient, 'get' | 'entries' | 'close'>;
export type QuorumReader = Pick<QuorumClient, 'type' | 'getQuorate' | 'track' | 'close'>;
export type VotequorumReader = Pick<VotequorumClient, 'getInfo' | 'track' | 'close'>;
export type CpgReader = Pick<CpgClient, 'groups' | 'members' | 'allMembers' | 'close'>;
export type CfgReader = Pick<CfgClient, 'localNodeId' | 'nodeStatus' | 'nodeAddresses' | 'close'>;

/** The same with the calls that change something. */
export type VotequorumUser = VotequorumReader &
  Pick<VotequorumClient, 'setVotes' | 'setExpected' | 'qdeviceUnregister'>;
export type CfgUser = CfgReader &
  Pick<CfgClient, 'killNode' | 'tryShutdown' | 'reloadConfig' | 'reopenLogFiles'>;

export type CpgUser = CpgReader & Pick<CpgClient, 'join' | 'events' | 'mcast' | 'leave'>;

/** Connects to the services, so that tests can bring their own. */
export interface Connector {
  readonly cmap: () => Promise<CmapReader>;
  readonly quorum: () => Promise<QuorumReader>;
  readonly votequorum: () => Promise<VotequorumUser>;
  readonly cfg: () => Promise<CfgUser>;
  /** @param signal gives up connecting */
  readonly cpg: (signal?: AbortSignal) => Promise<CpgUser>;
}

/** Connects to the local corosync. The library is loaded when it is needed. */
export function localConnector(options: ConnectOptions): Connector {
  return {
    cmap: async () => (await import('../library/cmap-client.ts')).CmapClient.connect(options),
    quorum: async () => (await import('../library/quorum-client.ts')).QuorumClient.connect(options),
    votequorum: async () =>
      (await import('../library/votequorum-client.ts')).VotequorumClient.connect(options),
    cfg: async () => (await import('../library/cfg-client.ts')).CfgClient.connect(options),
    cpg: async (signal) =>
      (await import('../library/cpg-client.ts')).CpgClient.connect({ ...options, signal }),
  };
}
