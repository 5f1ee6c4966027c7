export { CmapSession } from '../cmap/cmap-session.ts';
export type {
  FollowEvent,
  FollowLost,
  FollowNotification,
  FollowOverflow,
  FollowResynced,
  FollowSnapshot,
} from '../cmap/following/follow-events.ts';
export type { FollowOptions } from '../cmap/following/follow-options.ts';
export { CmapFollower } from '../cmap/following/follower.ts';
export type { BackOffOptions, SessionOptions } from './session-options.ts';
export type { SessionStatus } from './session-state.ts';
export type { SessionStatusEvent } from './status-stream.ts';
