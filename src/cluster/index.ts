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
export type { ClusterOptions, ClusterSnapshotOptions } from './options.ts';
