export { CfgClient } from './cfg-client.ts';
export type { CfgConnectOptions } from './connect-options.ts';
export type {
  CfgShutdownListener,
  CfgShutdownRequest,
  CfgShutdownTracker,
  CfgShutdownTrackOptions,
} from './shutdown-tracking.ts';
