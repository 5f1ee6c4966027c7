/**
 * Clients of corosync's services, and sessions that outlive it.
 * @module corosync-client
 */
// The types stand on Node's. TypeScript 6 and 7 load those only where somebody asks for them.
/// <reference types="node" preserve="true" />
export {
  CS_ERROR_CODES,
  ConnectionError,
  CsError,
  csStrerror,
  type CsErrorContext,
  type CsErrorName,
  type Sent,
} from './errors/index.ts';
export type {
  CallTrace,
  ConnectTrace,
  EventTrace,
  LostTrace,
  TracedServer,
  TracedSpan,
  TransportKind,
} from './ipc/index.ts';
export type { CallOptions } from './options/call-options.ts';
export type { CmapChange } from './codec/cmap/notification.ts';
export type { CmapKeyInfo } from './codec/cmap/iterate.ts';
export type { CmapMap } from './codec/cmap/set-current-map.ts';
export type { CmapStringValue, CmapUnknownValue, CmapValue, CmapValueType } from './codec/cmap/value.ts';
export {
  CmapClient,
  CmapSession,
  type ReadOnlyCmapClient,
  type ReadOnlyCmapSession,
  type CmapFollower,
  type CmapTracker,
  type CmapConnectOptions,
  type CmapEntry,
  type CmapFollowEvent,
  type CmapFollowLost,
  type CmapFollowNotification,
  type CmapFollowOptions,
  type CmapFollowOverflow,
  type CmapFollowResynced,
  type CmapFollowSnapshot,
  type CmapNotification,
  type CmapOverflow,
  type CmapSessionOptions,
  type CmapTrackEvent,
  type CmapTrackOptions,
} from './cmap/index.ts';
export {
  QuorumClient,
  QuorumSession,
  type QuorumConnectOptions,
  type QuorumFollowChange,
  type QuorumFollower,
  type QuorumFollowEvent,
  type QuorumFollowLost,
  type QuorumFollowOptions,
  type QuorumFollowOverflow,
  type QuorumFollowResynced,
  type QuorumFollowSnapshot,
  type QuorumNodelistEvent,
  type QuorumOverflow,
  type QuorumQuorumEvent,
  type QuorumRingId,
  type QuorumSessionOptions,
  type QuorumState,
  type QuorumTracker,
  type QuorumTrackEvent,
  type QuorumTrackOptions,
} from './quorum/index.ts';
export {
  CfgClient,
  CfgSession,
  type CfgSessionOptions,
  type ReadOnlyCfgClient,
  type ReadOnlyCfgSession,
  type CfgConnectOptions,
  type CfgShutdownListener,
  type CfgShutdownRequest,
  type CfgShutdownTracker,
  type CfgShutdownTrackOptions,
} from './cfg/index.ts';
export type { CfgShutdownKind } from './codec/cfg/try-shutdown.ts';
export type { CfgLinkStatus, CfgNodeStatus } from './codec/cfg/node-status-get.ts';
export type { CfgInterface } from './codec/cfg/ring-status-get.ts';
export {
  VotequorumClient,
  VotequorumSession,
  type ReadOnlyVotequorumClient,
  type ReadOnlyVotequorumSession,
  type VotequorumFollowChange,
  type VotequorumFollower,
  type VotequorumFollowEvent,
  type VotequorumFollowFound,
  type VotequorumFollowLost,
  type VotequorumFollowOptions,
  type VotequorumFollowOverflow,
  type VotequorumFollowResynced,
  type VotequorumFollowSnapshot,
  type VotequorumSessionOptions,
  type VotequorumState,
  type VotequorumChangeOptions,
  type VotequorumDeviceName,
  type VotequorumConnectOptions,
  type VotequorumExpectedVotesEvent,
  type VotequorumExtraInfoEvent,
  type VotequorumNodelistEvent,
  type VotequorumOverflow,
  type VotequorumQuorumEvent,
  type VotequorumTracker,
  type VotequorumTrackEvent,
  type VotequorumTrackOptions,
} from './votequorum/index.ts';
export {
  CpgClient,
  CpgGroup,
  type CpgConnectOptions,
  type CpgEvent,
  type CpgGap,
  type CpgGroupEvent,
  type CpgGroupOptions,
  type CpgJoinedEvent,
  type CpgLostEvent,
  type CpgRejoinedEvent,
  type CpgJoinOptions,
  type CpgMcastOptions,
  type CpgMemberOptions,
  type CpgMembershipEvent,
  type CpgMessageEvent,
  type CpgRingEvent,
  type ReadOnlyCpgClient,
} from './cpg/index.ts';
export type { CpgAddress, CpgChange, CpgReason } from './codec/cpg/address.ts';
export type { CpgGroupName } from './codec/cpg/group-name.ts';
export type { CpgIterationItem } from './codec/cpg/iteration.ts';
export {
  Cluster,
  type ClusterConfig,
  type ClusterConfigDrift,
  type ClusterConfigMistake,
  type ClusterEvent,
  type ClusterEventBase,
  type ClusterEventCause,
  type ClusterEventDetails,
  type ClusterEventFilter,
  type ClusterEventListening,
  type ClusterEventType,
  type ClusterFreshness,
  type ClusterIpc,
  type ClusterIpcProcess,
  type ClusterLink,
  type ClusterLinkLatency,
  type ClusterLinkTraffic,
  type ClusterNode,
  type ClusterNodeState,
  type ClusterQdevice,
  type ClusterQuorum,
  type ClusterQuorumIfLost,
  type ClusterOptions,
  type ClusterReload,
  type ClusterRoundTrips,
  type ClusterScheduleMiss,
  type ClusterScheduling,
  type ClusterSeverity,
  type ClusterSeverityPolicy,
  type ClusterSnapshotOptions,
  type ClusterStaleReason,
  type ClusterState,
  type ClusterTotem,
  type ClusterTotemState,
  type ClusterVoteFlag,
  type ClusterVotes,
} from './cluster/index.ts';
export type { VotequorumFlag, VotequorumInfo } from './codec/votequorum/get-info.ts';
export type { VotequorumNodeState } from './codec/votequorum/node-state.ts';
export type { VotequorumNode } from './codec/votequorum/quorum-notification.ts';
export type { QuorumModel, QuorumType } from './codec/quorum/get-type.ts';
export type { RingId } from './codec/ring-id.ts';
export type { ReaderOptions } from './streams/reader-options.ts';
export type {
  ConnectedClient,
  Access,
  ConnectOptions,
  ReadAccess,
  ServiceTracker,
  ServiceTrackOptions,
} from './service/index.ts';
export type { BackOffOptions, SessionOptions, SessionStatus, SessionStatusEvent } from './session/index.ts';
