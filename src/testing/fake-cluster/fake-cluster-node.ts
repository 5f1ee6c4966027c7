import type { ClusterConfig } from '../cluster/cluster-options.ts';
import type { FakeDevice } from '../cluster/fake-cluster-view.ts';
import type { ChangingCluster } from './changing-cluster.ts';
import type { Topology } from './topology.ts';

/** A node of a FakeCluster: what can become of it. */
export class FakeClusterNode {
  /** Its node id. */
  readonly id: number;
  /** As in the nodelist. */
  readonly name: string;
  readonly #isLocal: boolean;
  readonly #topology: Topology;
  readonly #cluster: ChangingCluster;

  /** @internal Made by FakeCluster.node only. */
  constructor(id: number, config: ClusterConfig, topology: Topology, cluster: ChangingCluster) {
    this.id = id;
    this.name = config.nodes.find((node) => node.id === id)?.name ?? '';
    this.#isLocal = id === config.localNodeId;
    this.#topology = topology;
    this.#cluster = cluster;
  }

  /** Whether corosync runs there. */
  get running(): boolean {
    return this.#isLocal ? this.#cluster.corosync.running : this.#topology.runs(this.id);
  }

  /** Whether the local node has it as a member. */
  get member(): boolean {
    return this.#cluster.corosync.running && this.#cluster.corosync.cluster.members.includes(this.id);
  }

  /** corosync ends there in good order: it takes its leave of the others. @throws RangeError: it is the local node, or does not run */
  leave(): void {
    this.#mustRun('leave');
    this.#cluster.change(() => this.#topology.end(this.id), { inGoodOrder: true });
  }

  /** The node is gone without a word: killed, fenced or without power. @throws RangeError as `leave` */
  vanish(): void {
    this.#mustRun('vanish');
    this.#cluster.change(() => this.#topology.end(this.id));
  }

  /** corosync starts there. @throws RangeError: it is the local node, or runs already */
  join(): void {
    this.#mustBeOther('join');
    if (this.running) {
      const cutOff = this.#topology.isThere(this.id) ? '' : ', and is cut off: see heal';
      throw this.#wrong('join', `runs already${cutOff}`);
    }
    this.#cluster.change(() => this.#topology.start(this.id));
  }

  /** corosync ends there, and starts again before anybody has missed it. @throws RangeError: it is the local node, or no member */
  rejoin(): void {
    this.#mustRun('rejoin');
    if (!this.#topology.isThere(this.id)) throw this.#wrong('rejoin', 'is cut off');
    if (this.#cluster.corosync.running) this.#cluster.corosync.cluster.rejoin(this.id);
  }

  /** Somebody sets its votes. @throws RangeError: corosync refuses it, with its error */
  setVotes(votes: number): void {
    this.#cluster.corosync.cluster.setVotes(this.id, votes);
  }

  /** Its quorum device changes: what is not given is false. @throws RangeError: it is no member */
  setDevice(device: FakeDevice): void {
    this.#cluster.corosync.cluster.setDevice(this.id, device);
  }

  #mustBeOther(operation: string): void {
    if (this.#isLocal) throw this.#wrong(operation, 'is the local one; see die and restart of the cluster');
  }

  #mustRun(operation: string): void {
    this.#mustBeOther(operation);
    if (!this.running) throw this.#wrong(operation, 'does not run');
  }

  #wrong(operation: string, why: string): RangeError {
    return new RangeError(`${operation}: node ${this.id} (${this.name}) ${why}`);
  }
}
