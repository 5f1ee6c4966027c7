export {
  FakeCorosync,
  type FakeClient,
  type FakeContents,
  type FakeCorosyncOptions,
  type FakeEntries,
} from './fake-corosync.ts';
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
