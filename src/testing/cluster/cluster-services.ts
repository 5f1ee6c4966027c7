import { CpgService, type CpgHost } from '../cpg/cpg-service.ts';
import { CfgService } from '../cfg/cfg-service.ts';
import type { FakeMaps } from '../cmap/fake-cmap.ts';
import type { FakeService } from '../faults/request-names.ts';
import { QuorumService } from '../quorum/quorum-service.ts';
import type { Service, ServiceConnection } from '../server/service.ts';
import { VotequorumService } from '../votequorum/votequorum-service.ts';
import type { ClusterConfig } from './cluster-options.ts';
import { ClusterState, type ClusterHost } from './cluster-state.ts';

interface OpeningService {
  open(connection: ServiceConnection): Service;
}

export type ClusterServicesHost = ClusterHost & CpgHost;

/** The services that tell of one cluster, from a start of corosync to its end. */
export class ClusterServices {
  readonly state: ClusterState;
  readonly cpg: CpgService;
  readonly #cfg: CfgService;
  readonly #services: ReadonlyMap<FakeService, OpeningService>;

  constructor(config: ClusterConfig, maps: FakeMaps, host: ClusterServicesHost) {
    this.state = new ClusterState(config, maps, host);
    this.#cfg = new CfgService(this.state);
    this.cpg = new CpgService(this.state, host);
    const services = new Map<FakeService, OpeningService>([
      ['cfg', this.#cfg],
      ['cpg', this.cpg],
      ['quorum', new QuorumService(this.state)],
    ]);
    const { votes, device } = this.state;
    if (votes !== undefined && device !== undefined) {
      const violated = (what: string): void => host.violated(what);
      services.set('votequorum', new VotequorumService(this.state, votes, device, violated));
    }
    this.#services = services;
  }

  get names(): readonly FakeService[] {
    return [...this.#services.keys()];
  }

  open(name: FakeService, connection: ServiceConnection): Service {
    const service = this.#services.get(name);
    if (service === undefined) throw new Error(`there is no service ${name}`);
    return service.open(connection);
  }

  close(): void {
    this.state.close();
    this.#cfg.close();
  }
}
