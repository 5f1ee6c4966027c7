import type { CfgNodeStatus } from '../codec/cfg/node-status-get.ts';
import type { CmapValue } from '../codec/cmap/value.ts';
import type { VotequorumInfo } from '../codec/votequorum/get-info.ts';
import type { ClusterConfigDrift, ClusterConfigMistake } from './figures/figures-state.ts';
import type { QuorumRingId } from '../quorum/index.ts';

/** What the services have said: all that a state is made of. */
export interface ClusterReports {
  /** Keys of the configuration map. */
  readonly map: ReadonlyMap<string, CmapValue>;
  readonly localNodeId: number;
  readonly quorate: boolean;
  readonly membership: Membership;
  /** What votequorum knows of each node that it has seen, by id; absent where it is not the provider. */
  readonly votes?: ReadonlyMap<number, VotequorumInfo>;
  /** How this node sees each other one, by id; absent where this corosync cannot tell. */
  readonly links?: ReadonlyMap<number, CfgNodeStatus>;
  /** Statistics that tell that something has happened. They are older than `links`: what a link is was asked after how often it went down. */
  readonly stats?: ReadonlyMap<string, CmapValue>;
  /** Where corosync.conf differs from the map; absent where that cannot be told. */
  readonly drift?: readonly ClusterConfigDrift[];
  /** What is wrong in it. */
  readonly mistake?: ClusterConfigMistake;
}

/** What the quorum service tells of it; without a provider and models, corosync tells nothing of either. */
export interface Membership {
  readonly ring?: QuorumRingId;
  readonly members?: readonly number[];
}
