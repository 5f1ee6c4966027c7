import type { VotequorumFlag } from '../codec/votequorum/get-info.ts';
import type { CsError } from '../errors/index.ts';
import type { QuorumRingId } from '../quorum/index.ts';
import type {
  ClusterConfig,
  ClusterIpc,
  ClusterLinkLatency,
  ClusterLinkTraffic,
  ClusterScheduling,
  ClusterTotem,
} from './figures/figures-state.ts';

/**
 * The cluster as this node's corosync sees it. It is frozen, and plain data. What corosync does not tell is absent: no value stands for
 * "not known".
 */
export interface ClusterState {
  /** Whether it can be relied on. */
  readonly freshness: ClusterFreshness;
  /** `totem.cluster_name`. */
  readonly name?: string;
  /** The node that was asked. */
  readonly localNodeId: number;
  /** `totem.transport`; absent where the configuration leaves it to corosync, which then uses knet. */
  readonly transport?: string;
  /** Names the present membership; absent where corosync tells none: before 3.1.0, without a provider of quorum. */
  readonly ring?: QuorumRingId;
  /** Whether the cluster may work, and on which votes that stands. */
  readonly quorum: ClusterQuorum;
  /** All nodes that are configured or have been seen since corosync started, by their ids. */
  readonly nodes: readonly ClusterNode[];
  /** The enabled links to the other nodes, by node and number; absent where this corosync cannot tell of links. */
  readonly links?: readonly ClusterLink[];
  /** The protocol of the membership; absent where corosync has no statistics of it. */
  readonly totem?: ClusterTotem;
  /** Whether corosync gets its time on the processor; absent as `totem`. */
  readonly scheduling?: ClusterScheduling;
  /** corosync's clients; absent as `totem`. */
  readonly ipc?: ClusterIpc;
  /** The configuration that this node runs with. */
  readonly config: ClusterConfig;
}

/**
 * Whether a state can be relied on. `'fresh'`: it holds. `'settling'`: corosync is still finding out what holds, or it changed while it was read. `'stale'`: it
 * is what was known last.
 */
export type ClusterFreshness =
  | {
      readonly kind: 'fresh';
      /** When corosync was heard last. */
      readonly asOf: Date;
    }
  | {
      readonly kind: 'settling';
      /** When that began. */
      readonly since: Date;
    }
  | {
      readonly kind: 'stale';
      /** When that was noticed. */
      readonly since: Date;
      /** What is wrong. */
      readonly why: ClusterStaleReason;
      /** The error behind it, where there is one. */
      readonly error?: CsError;
    };

/**
 * `'starting'`: nothing has been read yet; `'disconnected'`: there is no corosync that can be connected to; `'denied'`: it does not allow this user;
 * `'not answering'`: it is connected, and has been silent for longer than `staleAfterMs`; `'closed'`: by `close`.
 */
export type ClusterStaleReason = 'starting' | 'disconnected' | 'denied' | 'not answering' | 'closed';

/** Whether the cluster may work. */
export interface ClusterQuorum {
  /** Whether this node belongs to a quorate cluster; always true without a provider of quorum. */
  readonly quorate: boolean;
  /** `quorum.provider`; absent: there is none. */
  readonly provider?: string;
  /** Absent where votequorum is not the provider. */
  readonly votes?: ClusterVotes;
}

/** How quorum comes about, by votequorum. */
export interface ClusterVotes {
  /** The votes that this node expects there to be. */
  readonly expected: number;
  /** The most that any member expects. */
  readonly highestExpected: number;
  /** The votes that are there, with those of the quorum device if it gives them to this node. */
  readonly total: number;
  /** The votes that make the cluster quorate. */
  readonly needed: number;
  /** What is configured or so for this node, by name. `qdevice` tells of the quorum device. */
  readonly flags: readonly ClusterVoteFlag[];
  /** Whether the cluster is inquorate until all nodes have been there at once; absent where corosync does not tell. */
  readonly waitingForAll?: boolean;
  /**
   * How many members can be lost at once, whichever they are, and the rest certainly stays quorate. 0 while the cluster is inquorate. It does not count
   * on a quorum device, a tie-breaker or last man standing.
   */
  readonly failureTolerance: number;
  /** The same if those help as far as they can; more than `failureTolerance` only where there is one of them. */
  readonly failureToleranceAtBest: number;
  /** The quorum device of this node; absent: none is registered. */
  readonly qdevice?: ClusterQdevice;
}

/** A flag of votequorum that is not about the quorum device. */
export type ClusterVoteFlag = Exclude<VotequorumFlag, `qdevice-${string}`>;

/** A quorum device, as its node has registered it. */
export interface ClusterQdevice {
  /** The name under which it has registered. */
  readonly name: string;
  /** The votes that it has to give. */
  readonly votes: number;
  /** Whether it has reported in time. */
  readonly alive: boolean;
  /** Whether it gives its votes to the node. */
  readonly castsVote: boolean;
  /** Whether nodes with its votes are quorate, whatever other votes they lack. */
  readonly masterWins: boolean;
}

/**
 * `'member'` of the present membership; `'left'`: it was a member since corosync started; `'never seen'`: it is configured, and has not been a member since
 * then; `'unknown'`: what corosync tells of it does not go together.
 */
export type ClusterNodeState = 'member' | 'left' | 'never seen' | 'unknown';

/** What quorum would be just after a loss; `'uncertain'`: a quorum device or a tie-breaker decides. */
export type ClusterQuorumIfLost = 'quorate' | 'inquorate' | 'uncertain';

/** A node that is configured, or has been seen. */
export interface ClusterNode {
  /** The id of the node. */
  readonly id: number;
  /** `nodelist.node.N.name`. */
  readonly name?: string;
  /** Whether it is the node that was asked. */
  readonly local: boolean;
  /** Whether it stands in the configuration's nodelist. */
  readonly configured: boolean;
  /** What it is to the cluster. */
  readonly state: ClusterNodeState;
  /** As configured, and as corosync has seen them of a node that is not; in the order of the links. */
  readonly addresses: readonly string[];
  /** Of a node that votequorum has seen; those of one that left are the last known. */
  readonly votes?: number;
  /** How often it has joined since corosync started. */
  readonly joins?: number;
  /** `totem.config_version` of the node; absent where it has none. */
  readonly configVersion?: bigint;
  /** What quorum would be if this node failed now; only of members, where votequorum counts the votes. */
  readonly ifLost?: ClusterQuorumIfLost;
  /** The quorum device that is registered on the node. */
  readonly qdevice?: Omit<ClusterQdevice, 'name' | 'votes'>;
}

/** A link of this node to another one. */
export interface ClusterLink {
  /** The id of the other node. */
  readonly nodeId: number;
  /** The number of the link, from 0 to 7. */
  readonly link: number;
  /** Whether the other node answers on it. */
  readonly connected: boolean;
  /** Bytes; the last known of a link that is not connected. Absent with udp and udpu. */
  readonly mtu?: number;
  /** This node's address. Absent with udp and udpu. */
  readonly from?: string;
  /** The other node's address. */
  readonly to: string;
  /**
   * How often it went down since the cluster was opened, also if that was too short to be seen; across corosync's restarts, without what they did. Only of a
   * cluster that is open, and absent where corosync does not count it.
   */
  readonly flaps?: number;
  /** Absent until a ping has been answered, and with udp and udpu. */
  readonly latency?: ClusterLinkLatency;
  /** Absent with udp and udpu. */
  readonly traffic?: ClusterLinkTraffic;
}
