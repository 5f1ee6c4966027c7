export type { VotequorumConnectOptions } from './connect-options.ts';
export type { VotequorumDeviceName } from './qdevice.ts';
export type { VotequorumChangeOptions } from './vote-changes.ts';
export {
  VotequorumClient,
  type ReadOnlyVotequorumClient,
  type VotequorumTrackOptions,
} from './votequorum-client.ts';
export type {
  VotequorumExpectedVotesEvent,
  VotequorumExtraInfoEvent,
  VotequorumNodelistEvent,
  VotequorumOverflow,
  VotequorumQuorumEvent,
  VotequorumTracker,
  VotequorumTrackEvent,
} from './votequorum-events.ts';
export type {
  VotequorumFollowChange,
  VotequorumFollower,
  VotequorumFollowEvent,
  VotequorumFollowFound,
  VotequorumFollowLost,
  VotequorumFollowOverflow,
  VotequorumFollowResynced,
  VotequorumFollowSnapshot,
  VotequorumState,
} from './follow-events.ts';
export {
  VotequorumSession,
  type ReadOnlyVotequorumSession,
  type VotequorumFollowOptions,
  type VotequorumSessionOptions,
} from './votequorum-session.ts';
