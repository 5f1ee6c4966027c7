export type { VotequorumConnectOptions } from './connect-options.ts';
export type { VotequorumDeviceName } from './qdevice.ts';
export type { VotequorumChangeOptions } from './vote-changes.ts';
export { VotequorumClient, type VotequorumTrackOptions } from './votequorum-client.ts';
export type {
  VotequorumExpectedVotesEvent,
  VotequorumExtraInfoEvent,
  VotequorumNodelistEvent,
  VotequorumOverflow,
  VotequorumQuorumEvent,
  VotequorumTracker,
  VotequorumTrackEvent,
} from './votequorum-events.ts';
