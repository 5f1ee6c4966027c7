/**
 * A fake corosync for the tests of programs that use this library.
 * @module corosync-client/testing
 */
// The types stand on Node's. TypeScript 6 and 7 load those only where somebody asks for them.
/// <reference types="node" preserve="true" />
export { FakeCorosync, type FakeConnectOptions } from './fake-corosync.ts';
export { FakeCluster } from './fake-cluster/fake-cluster.ts';
export type { FakeClusterLink } from './fake-cluster/fake-cluster-link.ts';
export type { FakeClusterNode } from './fake-cluster/fake-cluster-node.ts';
export type { FakeClusterStartOptions } from './fake-cluster/options.ts';
export { FakeCmap } from './cmap/fake-cmap.ts';
export type { FakeClient } from './fake-client.ts';
export type { FakeBeginning, FakeContents, FakeCorosyncOptions, FakeEntries } from './fake-options.ts';
export type { FakeClusterOptions, FakeDeviceOptions, FakeNodeOptions } from './cluster/cluster-options.ts';
export type { FakeConfigFile } from './cluster/config-file.ts';
export type { FakeLink } from './cluster/fake-link.ts';
export {
  FakeClusterView,
  type FakeDevice,
  type FakeLinkChange,
  type FakeNode,
} from './cluster/fake-cluster-view.ts';
export { FakeCpg, type FakeFragment, type FakeProcess } from './cpg/fake-cpg.ts';
export type { FakeTracker } from './cmap/cmap-service.ts';
export type { ActiveFault, Faults } from './faults/faults.ts';
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
} from './faults/fault-types.ts';
export type { Counters as FakeCounters } from './server/connection-host.ts';
export type { FakeService, RequestName } from './faults/request-names.ts';
export type { WelcomeFields } from './server/welcome.ts';
