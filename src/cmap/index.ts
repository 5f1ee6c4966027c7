export { CmapClient, type ReadOnlyCmapClient } from './cmap-client.ts';
export { CmapSession, type ReadOnlyCmapSession } from './cmap-session.ts';
export { resolveCmapOptions, type CmapConnectOptions } from './connect-options.ts';
export type {
  CmapFollower,
  CmapFollowEvent,
  CmapFollowLost,
  CmapFollowNotification,
  CmapFollowOverflow,
  CmapFollowResynced,
  CmapFollowSnapshot,
} from './following/follow-events.ts';
export type { CmapFollowOptions } from './following/follow-options.ts';
export { crashingKeysOf } from './guards/nested-set-guard.ts';
export type { CmapEntry } from './iteration/iterate.ts';
export type { CmapSessionOptions } from './session-options.ts';
export type { CmapNotification, CmapOverflow, CmapTracker, CmapTrackEvent } from './tracking/track-events.ts';
export { resolveTrackOptions, type CmapTrackOptions } from './tracking/track-options.ts';
