export { CmapSession } from './cmap-session.ts';
export type {
  FollowEvent,
  FollowLost,
  FollowNotification,
  FollowOverflow,
  FollowResynced,
  FollowSnapshot,
} from './follow-events.ts';
export type { FollowOptions } from './follow-options.ts';
export { CmapFollower } from './follower.ts';
export type { BackOffOptions, SessionOptions } from './session-options.ts';
export type { SessionStatus } from './session-state.ts';
export type { SessionStatusEvent } from './status-stream.ts';
