export type { CpgConnectOptions } from './connect-options.ts';
export { CpgClient, type CpgMcastOptions, type ReadOnlyCpgClient } from './cpg-client.ts';
export type { CpgEvent, CpgMembershipEvent, CpgMessageEvent, CpgRingEvent } from './cpg-events.ts';
export type { CpgJoinOptions, CpgMemberOptions } from './join-options.ts';
