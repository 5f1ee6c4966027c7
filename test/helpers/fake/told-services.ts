import type { FakeClusterOptions } from '../../../src/testing/index.ts';
import { configuredEntries } from '../../../src/testing/cluster/cluster-keys.ts';
import { resolveCluster } from '../../../src/testing/cluster/cluster-options.ts';
import { ClusterServices } from '../../../src/testing/cluster/cluster-services.ts';
import type { ClusterState } from '../../../src/testing/cluster/cluster-state.ts';
import { FakeCmap, type FakeMaps } from '../../../src/testing/cmap/fake-cmap.ts';
import { ProcessList } from '../../../src/testing/cpg/process-list.ts';
import type { FakeService } from '../../../src/testing/faults/request-names.ts';
import type { Reply } from '../../../src/testing/server/service.ts';
import { build, type MessageFields } from '../wire/message-builder.ts';

/** A client that sends requests, and whose events are noted. */
export interface ToldClient {
  send(fields: MessageFields): Reply | undefined;
}

/** The services of a cluster without sockets: what they tell, in one order for all clients. */
export class ToldServices {
  /** What the events of which client were, `client id`, and when clients were held off, `held` and `released`. */
  readonly told: string[] = [];
  readonly maps: FakeMaps;
  readonly #services: ClusterServices;

  constructor(cluster: FakeClusterOptions) {
    const violated = (what: string): void => {
      throw new Error(what);
    };
    const config = resolveCluster('cluster', cluster);
    this.maps = new FakeCmap({ paused: false, violated }).prepare(configuredEntries(config), []);
    this.#services = new ClusterServices(config, this.maps, {
      violated,
      paused: false,
      holdOff: (held) => void this.told.push(held ? 'held' : 'released'),
      congest: () => undefined,
      end: () => undefined,
      otherProcesses: new ProcessList(),
    });
  }

  get state(): ClusterState {
    return this.#services.state;
  }

  open(name: FakeService, client: string): ToldClient {
    const service = this.#services.open(name, {
      send: (event) => void this.told.push(`${client} ${event.readInt32LE(0)}`),
    });
    return {
      send: (fields) =>
        service.handle(build(fields).toBytes(), {
          reread: () => Buffer.alloc(0),
          answerLater: (answer) => void this.told.push(`${client} later ${answer.readInt32LE(16)}`),
        }),
    };
  }

  close(): void {
    this.#services.close();
  }
}
