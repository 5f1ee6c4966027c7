export type { QuorumConnectOptions } from './connect-options.ts';
export type {
  QuorumFollowChange,
  QuorumFollower,
  QuorumFollowEvent,
  QuorumFollowLost,
  QuorumFollowOverflow,
  QuorumFollowResynced,
  QuorumFollowSnapshot,
  QuorumState,
} from './follow-events.ts';
export { QuorumClient, type QuorumTrackOptions } from './quorum-client.ts';
export type {
  QuorumNodelistEvent,
  QuorumOverflow,
  QuorumQuorumEvent,
  QuorumRingId,
  QuorumTracker,
  QuorumTrackEvent,
} from './quorum-events.ts';
export { QuorumSession, type QuorumFollowOptions, type QuorumSessionOptions } from './quorum-session.ts';
