/** How totem, the protocol of the membership, is doing on this node. What this corosync does not count is absent. Counters begin with corosync. */
export interface ClusterTotem {
  /** Milliseconds without the token after which it is lost. */
  readonly tokenMs?: number;
  /** Milliseconds that nodes then have to agree on who is left. */
  readonly consensusMs?: number;
  /** Milliseconds since the token was here, as corosync has measured it last; it does so every 1.5 s. */
  readonly silenceMs?: number;
  /** The most of it in the last minute; only of a cluster that is open. */
  readonly longestSilenceMs?: number;
  /** Milliseconds from one token to the next, on average. */
  readonly rotationMs?: number;
  /** Milliseconds that this node keeps the token, on average. */
  readonly workloadMs?: number;
  /** Messages that were sent again. */
  readonly retransmits?: bigint;
  /** Messages that were dropped as malformed. */
  readonly droppedMessages?: bigint;
  /** How often nodes did not agree in time on who is left. */
  readonly consensusTimeouts?: bigint;
  /** How often the token was lost, by the state that this node was in. */
  readonly tokenLost: Readonly<Partial<Record<ClusterTotemState, bigint>>>;
  /** How often this node came into each state. */
  readonly entered: Readonly<Partial<Record<ClusterTotemState, bigint>>>;
  /** corosync cannot form a membership: a firewall is in the way, or a network interface has failed. */
  readonly cannotForm?: boolean;
}

/** `'operational'`: messages are carried; the others lead there after a change of membership. */
export type ClusterTotemState = 'operational' | 'gather' | 'commit' | 'recovery';

/** Whether corosync gets its time on the processor. */
export interface ClusterScheduling {
  /** The last times that it did not, up to 10, the newest first. */
  readonly misses: readonly ClusterScheduleMiss[];
}

/** corosync was not scheduled in time. */
export interface ClusterScheduleMiss {
  /** When it noticed. */
  readonly at: Date;
  /** Milliseconds that it was kept waiting. */
  readonly delayMs: number;
}

/** What goes on between corosync and its clients. */
export interface ClusterIpc {
  /** Connections at present. */
  readonly active?: bigint;
  /** Connections that have ended since corosync started. */
  readonly closed?: bigint;
  /** By the names of their processes. */
  readonly processes: readonly ClusterIpcProcess[];
  /** How soon corosync answers this client; only of a cluster that is open. */
  readonly roundTrips?: ClusterRoundTrips;
}

/** All connections of the processes of one name. */
export interface ClusterIpcProcess {
  /** As corosync has it: at most 15 characters of it. */
  readonly name: string;
  /** How many there are. */
  readonly connections: number;
  /** What they have asked. */
  readonly requests: bigint;
  /** Requests that corosync put off, because it was too busy. */
  readonly overloads: bigint;
  /** Events for which there was no room, and which were sent later. */
  readonly sendRetries: bigint;
  /** Events that wait inside corosync, because the process does not read. */
  readonly queued: number;
}

/** A histogram of the times that corosync took to answer, since the cluster was opened. */
export interface ClusterRoundTrips {
  /** How many were measured. */
  readonly count: number;
  /** Milliseconds of all together. */
  readonly sumMs: number;
  /** The longest, in milliseconds. */
  readonly maxMs: number;
  /** How many took at most so many milliseconds: each has those before it in it, as Prometheus wants it. */
  readonly buckets: readonly { readonly leMs: number; readonly count: number }[];
}

/** The configuration that this node runs with. */
export interface ClusterConfig {
  /** `totem.config_version`; absent where there is none. */
  readonly version?: bigint;
  /** Whether the last reload since corosync started was good; absent: there was none. */
  readonly lastReload?: ClusterReload;
  /** A reload could not read the file: until the next good one, votequorum looks at no change of the configuration. */
  readonly stuck: boolean;
  /**
   * Where the file corosync.conf and what corosync runs with differ; empty: nowhere, as far as they can be compared. Absent: this user cannot read the file, it
   * has a mistake, it may be that of another corosync, or it has just been written.
   */
  readonly drift?: readonly ClusterConfigDrift[];
  /** Why corosync could neither reload the file nor start with it; absent: for nothing that is known. */
  readonly mistake?: ClusterConfigMistake;
}

/** What is wrong in corosync.conf. corosync takes nothing of such a file. */
export interface ClusterConfigMistake {
  /** The line it is on, from 1. */
  readonly line: number;
  /** What is wrong there, in a few words. */
  readonly reason: string;
}

/** What corosync.conf says of something, and what corosync runs with. */
export interface ClusterConfigDrift {
  /** As in the map, but without a node's position, which is not the same in both: `totem.token`, `nodelist.node.ring0_addr`. */
  readonly key: string;
  /** The node of the nodelist that it is about. */
  readonly nodeId?: number;
  /** What the file says; absent: nothing. */
  readonly file?: string;
  /** What corosync runs with; absent: nothing, or its default. */
  readonly running?: string;
}

/** How a reload has ended. */
export interface ClusterReload {
  /** It has taken effect. */
  readonly ok: boolean;
  /** What corosync says of one that failed; it does from 3.1.9 on, and not of every mistake. */
  readonly message?: string;
}

/** Microseconds from here to the other node and back, by the pings of knet. Those that took too long are not in it. */
export interface ClusterLinkLatency {
  /** A mean of up to 2048 pings: of half an hour, with three nodes. */
  readonly averageUs: number;
  /** The least that this mean was. */
  readonly minUs: number;
  /** The most that this mean was. */
  readonly maxUs: number;
  /** How many pings it stands on. */
  readonly samples: number;
}

/** What has gone over a link since it was configured, knet's own messages included. */
export interface ClusterLinkTraffic {
  /** Packets that were sent, those of knet itself among them. */
  readonly sentPackets: bigint;
  /** Bytes that were sent. */
  readonly sentBytes: bigint;
  /** Packets that came. */
  readonly receivedPackets: bigint;
  /** Bytes that came. */
  readonly receivedBytes: bigint;
  /** Packets that could not be sent. */
  readonly sendErrors: bigint;
}
