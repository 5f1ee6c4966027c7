export { FakeCorosync, type FakeConnectOptions } from './fake-corosync.ts';
export type { FakeClient } from './fake-client.ts';
export type { FakeContents, FakeCorosyncOptions, FakeEntries } from './fake-options.ts';
export type { FakeTracker } from './cmap-service.ts';
export type { ActiveFault, Faults } from './faults.ts';
export type {
  ByteFault,
  Fault,
  FaultCondition,
  FaultsByStep,
  FaultStep,
  MessageFault,
  RequestFault,
  StepFault,
  WelcomeFault,
} from './fault-types.ts';
export type { Counters as FakeCounters } from './connection-host.ts';
export type { RequestName } from './requests.ts';
export type { WelcomeFields } from './welcome.ts';
