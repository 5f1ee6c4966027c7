export { CmapClient } from './cmap-client.ts';
export type { ConnectOptions } from './connect-options.ts';
export type { CmapEntry } from './iterate.ts';
export type { CmapNotification, CmapOverflow, CmapTrackEvent } from './track-events.ts';
export type { TrackOptions } from './track-options.ts';
export { CmapTracker } from './tracker.ts';
