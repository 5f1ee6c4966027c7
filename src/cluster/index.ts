export { Cluster, type ClusterApi } from './cluster.ts';
export type {
  ClusterFreshness,
  ClusterLink,
  ClusterNode,
  ClusterNodeState,
  ClusterQdevice,
  ClusterQuorum,
  ClusterQuorumIfLost,
  ClusterState,
  ClusterVoteFlag,
  ClusterVotes,
} from './cluster-state.ts';
export type { ClusterSnapshotOptions } from './options.ts';
