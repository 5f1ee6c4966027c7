export type { FollowerDriver } from './followers.ts';
export type { SessionWorld } from './reconnection.ts';
export { ServiceSession } from './service-session.ts';
export type { SessionCore } from './session-core.ts';
export { startServiceSession, startSession } from './start-session.ts';
export { StateFollower, type Follow, type Following, type StateSink } from './state-follower.ts';
export { backOffRule, sessionRules, type BackOffOptions, type SessionOptions } from './session-options.ts';
export type { SessionStatus } from './session-state.ts';
export type { SessionStatusEvent } from './status-stream.ts';
