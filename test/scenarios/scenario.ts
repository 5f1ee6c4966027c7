import type { CmapClient, CmapConnectOptions } from '../../src/index.ts';
import type { RawConnection } from '../helpers/wire/raw-connection.ts';

/** A corosync, real or not, with what a scenario needs of it. What it connects is closed after the scenario. */
export interface ScenarioTarget {
  readonly ipcType: 'shm' | 'socket';
  connect(options?: CmapConnectOptions): Promise<CmapClient>;
  raw(): Promise<RawConnection>;
  /** A statistic of type uint64 that keeps changing. */
  readonly changingStat: string;
  /** Statistics that can be made to appear and to vanish. */
  readonly passingStats: { readonly prefix: string; appear(): Promise<void>; vanish(): Promise<void> };
}

/** What every corosync does, real or not: it fails if this one does not. */
export interface Scenario {
  readonly name: string;
  run(target: ScenarioTarget): Promise<void>;
}
