export type { CpgConnectOptions } from './connect-options.ts';
export { CpgClient, type ReadOnlyCpgClient } from './cpg-client.ts';
export type { CpgEvent, CpgMembershipEvent, CpgMessageEvent, CpgRingEvent } from './cpg-events.ts';
export { CpgGroup } from './cpg-group.ts';
export type {
  CpgGap,
  CpgGroupEvent,
  CpgJoinedEvent,
  CpgLostEvent,
  CpgRejoinedEvent,
} from './group-events.ts';
export type { CpgGroupOptions } from './group-options.ts';
export type { CpgJoinOptions } from './join-options.ts';
export type { CpgMemberOptions } from './member-options.ts';
export type { CpgMcastOptions } from './sending/mcast-options.ts';
