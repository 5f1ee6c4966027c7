import { integer } from '../../options/rules.ts';
import type { ChangingCluster } from './changing-cluster.ts';
import type { LinkPlace, Topology } from './topology.ts';

const timesRule = integer(1, 1000);

/** A link of the local node of a FakeCluster to another one. */
export class FakeClusterLink {
  /** The id of the other node. */
  readonly nodeId: number;
  /** Its number, from 0 on. */
  readonly link: number;
  readonly #topology: Topology;
  readonly #cluster: ChangingCluster;

  /** @internal Made by FakeCluster.link only. */
  constructor({ nodeId, link }: LinkPlace, topology: Topology, cluster: ChangingCluster) {
    this.nodeId = nodeId;
    this.link = link;
    this.#topology = topology;
    this.#cluster = cluster;
  }

  /** Whether the other node answers on it. */
  get connected(): boolean {
    return this.#topology.linksUp().some(({ nodeId, link }) => nodeId === this.nodeId && link === this.link);
  }

  /** It carries nothing. With the last one to a node, the node is cut off. */
  down(): void {
    if (!this.#topology.isCut(this)) this.#cluster.change(() => this.#topology.cut(this));
  }

  /** It carries again what there is. A node that was cut off, and runs, is back. */
  up(): void {
    if (this.#topology.isCut(this)) this.#cluster.change(() => this.#topology.mend(this));
  }

  /**
   * It goes down and up so often before corosync looks: only its counters tell.
   * @param times 1 to 1000. Default 1
   * @throws RangeError: it is down
   */
  flap(times = 1): void {
    timesRule('times', times);
    if (!this.connected) throw new RangeError(`flap: link ${this.link} to node ${this.nodeId} is down`);
    const { corosync } = this.#cluster;
    if (!corosync.running) return;
    corosync.cluster.flapLink(this.nodeId, this.link, times);
    corosync.cmap.pollStats();
  }
}
