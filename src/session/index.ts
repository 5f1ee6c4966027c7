export { asError } from './as-error.ts';
export { BackOff, type BackOffLimits } from './back-off.ts';
export type { FollowerDriver } from './followers.ts';
export { pause, type SessionWorld } from './reconnection.ts';
export { ServiceSession, sessionSetting, type SessionSetting } from './service-session.ts';
export { SessionCore } from './session-core.ts';
export { StateFollower, type Follow, type Following, type StateSink } from './state-follower.ts';
export {
  ASK_ONCE,
  backOffRule,
  resolveBackOff,
  sessionRules,
  type BackOffOptions,
  type SessionOptions,
} from './session-options.ts';
export type { SessionStatus } from './session-state.ts';
export type { SessionStatusEvent } from './status-stream.ts';
