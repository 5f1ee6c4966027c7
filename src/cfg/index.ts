export { CfgClient, type ReadOnlyCfgClient } from './cfg-client.ts';
export type { CfgConnectOptions } from './connect-options.ts';
export type {
  CfgShutdownListener,
  CfgShutdownRequest,
  CfgShutdownTracker,
  CfgShutdownTrackOptions,
} from './shutdown-tracking.ts';
export { CfgSession, type CfgSessionOptions, type ReadOnlyCfgSession } from './cfg-session.ts';
