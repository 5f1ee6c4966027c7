import type { Row } from '../bench.ts';
import { cpg, cpgCluster } from './cpg.ts';
import { clusterIdle, clusterLatency } from './cluster.ts';
import { cpgReceiving } from './cpg-receiving.ts';
import { cpgSenders } from './cpg-senders.ts';
import { cmapctlPrefix } from './cmapctl-prefix.ts';
import { eventLatency } from './event-latency.ts';
import { fairness } from './fairness.ts';
import { idle } from './idle.ts';
import { iterate } from './iterate.ts';
import { notifications } from './notifications.ts';
import { pipelinedGet } from './pipelined-get.ts';
import { quorumLatency } from './quorum-latency.ts';
import { sequentialGet } from './sequential-get.ts';
import { serviceCalls } from './service-calls.ts';
import { sets } from './sets.ts';
import { startup } from './startup.ts';
import { toolStart } from './tool-start.ts';
import { tracing } from './tracing.ts';
import { wait } from './wait.ts';

/** All that can be measured, in the order in which it is. */
export const ROWS: ReadonlyMap<string, Row> = new Map([
  ['pipelined-get', pipelinedGet],
  ['sequential-get', sequentialGet],
  ['iterate', iterate],
  ['cmapctl-prefix', cmapctlPrefix],
  ['sets', sets],
  ['notifications', notifications],
  ['event-latency', eventLatency],
  ['tracing', tracing],
  ['startup', startup],
  ['idle', idle],
  ['fairness', fairness],
  ['wait', wait],
  ['service-calls', serviceCalls],
  ['quorum-latency', quorumLatency],
  ['tool-start', toolStart],
  ['cluster-latency', clusterLatency],
  ['cluster-idle', clusterIdle],
  ['cpg', cpg],
  ['cpg-cluster', cpgCluster],
  ['cpg-receiving', cpgReceiving],
  ['cpg-senders', cpgSenders],
]);
