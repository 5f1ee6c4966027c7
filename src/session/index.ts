export { CmapSession } from '../cmap/cmap-session.ts';
export type {
  CmapFollowEvent,
  CmapFollowLost,
  CmapFollowNotification,
  CmapFollowOverflow,
  CmapFollowResynced,
  CmapFollowSnapshot,
} from '../cmap/following/follow-events.ts';
export type { CmapFollowOptions } from '../cmap/following/follow-options.ts';
export { CmapFollower } from '../cmap/following/follower.ts';
export type { BackOffOptions, SessionOptions } from './session-options.ts';
export type { SessionStatus } from './session-state.ts';
export type { SessionStatusEvent } from './status-stream.ts';
