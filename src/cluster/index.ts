export { Cluster } from './cluster.ts';
export type {
  ClusterFreshness,
  ClusterLink,
  ClusterNode,
  ClusterNodeState,
  ClusterQdevice,
  ClusterQuorum,
  ClusterQuorumIfLost,
  ClusterStaleReason,
  ClusterState,
  ClusterVoteFlag,
  ClusterVotes,
} from './cluster-state.ts';
export type { ClusterEventFilter, ClusterEventListening } from './events/event-filter.ts';
export type { ClusterSeverityPolicy } from './events/event-hub.ts';
export type {
  ClusterEvent,
  ClusterEventBase,
  ClusterEventCause,
  ClusterEventDetails,
  ClusterEventType,
  ClusterSeverity,
} from './events/event-types.ts';
export type {
  ClusterConfig,
  ClusterConfigDrift,
  ClusterConfigMistake,
  ClusterIpc,
  ClusterIpcProcess,
  ClusterLinkLatency,
  ClusterLinkTraffic,
  ClusterReload,
  ClusterRoundTrips,
  ClusterScheduleMiss,
  ClusterScheduling,
  ClusterTotem,
  ClusterTotemState,
} from './figures/figures-state.ts';
export type { ClusterOptions, ClusterSnapshotOptions } from './options.ts';
