export {
  connectRules,
  ipcOptions,
  absolutePath,
  PLACE_RULES,
  resolveConnectOptions,
  type Access,
  type ConnectOptions,
  type ServiceDescription,
} from './connect-options.ts';
export { DEAF, type EventReceiver } from './event-router.ts';
export { ServiceClient } from './service-client.ts';
export { notSent, type CallSubject } from './side-connections.ts';
export {
  SharedTracking,
  type ServiceTracker,
  type ServiceTrackOptions,
  type TrackingKind,
  type TrackingPicture,
} from './shared-tracking.ts';
export { ConnectedClient } from './connected-client.ts';
export type { ReadAccess, ReadingClient } from './read-access.ts';
