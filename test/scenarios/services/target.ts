import type { CmapClient, QuorumConnectOptions } from '../../../src/index.ts';

/** A corosync of one node, real or not, with quorum, votequorum and cfg. */
export interface ServiceTarget {
  /** What a client needs to find it. */
  readonly options: QuorumConnectOptions;
  /** A client of its map, which is closed after the scenario. */
  map(): Promise<CmapClient>;
  die(): Promise<void>;
  restart(): Promise<void>;
}

/** What every corosync does, real or not: it fails if this one does not. */
export interface ServiceScenario {
  readonly name: string;
  run(target: ServiceTarget): Promise<void>;
}
