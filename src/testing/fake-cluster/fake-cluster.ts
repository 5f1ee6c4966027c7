import { show } from '../../errors/index.ts';
import * as rules from '../../options/rules.ts';
import type { ClusterConfig } from '../cluster/cluster-options.ts';
import type { FakeDevice } from '../cluster/fake-cluster-view.ts';
import { FakeCorosync, type FakeConnectOptions } from '../fake-corosync.ts';
import { FakeClusterLink } from './fake-cluster-link.ts';
import { FakeClusterNode } from './fake-cluster-node.ts';
import { nodeIdOf, resolveStart, type FakeClusterStartOptions } from './options.ts';
import { Topology, type LinkPlace } from './topology.ts';

const reloadRule = rules.object<{ ok?: boolean | undefined }>('reload', { ok: rules.boolean });
const restartRule = rules.object<{ absent?: readonly unknown[] | undefined }>('restart', {
  absent: rules.rule('an array of names or ids', (value): value is readonly unknown[] =>
    Array.isArray(value),
  ),
});

/**
 * A whole cluster for tests, as one of its nodes sees it: nodes go and come, links fail, corosync dies and is back. All services of the
 * fake tell one story of it, in corosync's order. What happens is told at once; `caughtUp` waits until all clients know it.
 */
export class FakeCluster implements AsyncDisposable {
  /** The corosync of the local node: what this class has no words for is done there. */
  readonly corosync: FakeCorosync;
  readonly #config: ClusterConfig;
  readonly #topology: Topology;

  private constructor(corosync: FakeCorosync, config: ClusterConfig) {
    this.corosync = corosync;
    this.#config = config;
    this.#topology = new Topology(config.nodes, config.localNodeId);
  }

  /**
   * Starts a cluster whose nodes are all there.
   * @throws RangeError: an option that does not exist or has no such value. Error: as `FakeCorosync.start`
   */
  static async start(options: FakeClusterStartOptions = {}): Promise<FakeCluster> {
    const { cluster, ipcType } = resolveStart(options);
    return new FakeCluster(await FakeCorosync.start({ cluster, ipcType }), cluster);
  }

  /** What a client needs to find it. */
  get connectOptions(): FakeConnectOptions {
    return this.corosync.connectOptions;
  }

  /** A node by its name or id. @throws RangeError: there is none */
  node(nameOrId: string | number): FakeClusterNode {
    return new FakeClusterNode(nodeIdOf('node', this.#config, nameOrId), this.#config, this.#topology, this);
  }

  /** A link of the local node to another one. @throws RangeError: there is no such node or link, or it is the local one */
  link(nameOrId: string | number, link: number): FakeClusterLink {
    const nodeId = this.#other('link', nameOrId);
    const { addresses = [] } = this.#config.nodes.find(({ id }) => id === nodeId) ?? {};
    if (addresses[link] === undefined) {
      throw new RangeError(`link: node ${nodeId} has no link ${show(link)}; it has ${addresses.length}`);
    }
    return new FakeClusterLink({ nodeId, link }, this.#topology, this);
  }

  /**
   * The nodes of a group hear each other, and nobody else. Those that no group names stay with the local node.
   * @param groups names or ids; that of the local node may be left out
   * @throws RangeError: there is no such node, or it is in two groups
   */
  partition(...groups: readonly (readonly (string | number)[])[]): void {
    const ids = groups.map((group) => group.map((node) => nodeIdOf('partition', this.#config, node)));
    const named = ids.flat();
    const twice = named.find((id, index) => named.indexOf(id) !== index);
    if (twice !== undefined) throw new RangeError(`partition: node ${twice} is in two groups`);
    const others = ids.filter((group) => !group.includes(this.#config.localNodeId));
    this.change(() => this.#topology.part(others));
  }

  /** Every node hears every other one again, on all links. */
  heal(): void {
    this.change(() => this.#topology.heal());
  }

  /** Somebody sets the expected votes. @throws RangeError: corosync refuses it, with its error */
  setExpectedVotes(votes: number): void {
    this.corosync.cluster.setExpectedVotes(votes);
  }

  /** The quorum devices of all members change: what is not given is false. */
  setDevice(device: FakeDevice): void {
    for (const nodeId of this.corosync.cluster.members) this.corosync.cluster.setDevice(nodeId, device);
  }

  /** The token is lost once; the same members form a ring again. */
  loseToken(): void {
    this.corosync.cluster.loseToken();
  }

  /** The last token came so many milliseconds ago when corosync looked last. @throws RangeError */
  setTokenSilence(ms: number): void {
    this.corosync.cluster.setTokenSilence(ms);
  }

  /** corosync was not scheduled for so many milliseconds. @throws RangeError */
  missSchedule(delayMs: number): void {
    this.corosync.cluster.missSchedule(delayMs);
  }

  /**
   * Somebody reloads the configuration of all nodes.
   * @param how `ok: false`: corosync.conf has a mistake, and cannot be read. Default true
   */
  reload(how: { readonly ok?: boolean | undefined } = {}): void {
    const { ok = true } = reloadRule('reload', how);
    this.corosync.cluster.setConfigFile(ok ? 'good' : 'unreadable');
    this.corosync.cluster.reload();
  }

  /** As SIGKILL of the local corosync. */
  die(): void {
    this.corosync.die();
  }

  /**
   * The local corosync starts again, after `die` or by itself, and finds the others as they are by then.
   * @param how `absent`: these nodes have gone meanwhile
   * @throws RangeError: there is no such node, or it is the local one
   */
  async restart(how: { readonly absent?: readonly (string | number)[] | undefined } = {}): Promise<void> {
    const { absent = [] } = restartRule('restart', how);
    for (const nodeId of absent.map((node) => this.#other('restart', node))) this.#topology.end(nodeId);
    const there = this.#topology.there();
    const linksDown = (nodeId: number): number[] =>
      this.#topology
        .cuts()
        .filter((place) => place.nodeId === nodeId)
        .map(({ link }) => link);
    await this.corosync.restart({
      cluster: {
        ...this.#config,
        nodes: this.#config.nodes.map((node) => ({ ...node, linksDown: linksDown(node.id) })),
        members: [this.#config.localNodeId, ...there],
      },
    });
  }

  /** As SIGSTOP of the local corosync. What happens meanwhile, it notices when it goes on. */
  pause(): void {
    this.corosync.pause();
  }

  /** As SIGCONT. */
  resume(): void {
    this.corosync.resume();
  }

  /** As `FakeCorosync.caughtUp`: all clients have been told everything, and know it. */
  caughtUp(): Promise<void> {
    return this.corosync.caughtUp();
  }

  /** As `FakeCorosync.stop`. */
  stop(): Promise<void> {
    return this.corosync.stop();
  }

  /** As `stop`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** @internal Something happens to nodes and links, and the local corosync notices, if it runs. @param how nodes that end take their leave */
  change(happens: () => void, how: { readonly inGoodOrder?: boolean } = {}): void {
    const before = { up: this.#topology.linksUp(), there: this.#topology.there() };
    happens();
    if (!this.corosync.running) return;
    const after = { up: this.#topology.linksUp(), there: this.#topology.there() };
    const gone = before.there.filter((id) => !after.there.includes(id));
    const come = after.there.filter((id) => !before.there.includes(id));
    // A node that comes or takes its leave is told sooner than its links; of any other that goes, the links are missed first.
    if (how.inGoodOrder === true) this.corosync.cluster.shutDown(...gone);
    this.#setLinks(without(before.up, after.up), false);
    this.corosync.cmap.pollStats();
    if (how.inGoodOrder !== true) this.#lose(gone);
    this.#setLinks(without(after.up, before.up), true);
    this.corosync.cluster.join(...come);
    this.corosync.cmap.pollStats();
  }

  /** Those that run on know each other's votes when they are back. */
  #lose(gone: readonly number[]): void {
    const cutOff = this.#topology.cutOff().map((group) => group.filter((id) => gone.includes(id)));
    const ended = gone.filter((id) => !this.#topology.runs(id));
    this.corosync.cluster.separate(ended, cutOff);
  }

  #setLinks(places: readonly LinkPlace[], connected: boolean): void {
    for (const { nodeId, link } of places) this.corosync.cluster.setLink(nodeId, link, { connected });
  }

  #other(operation: string, nameOrId: unknown): number {
    const nodeId = nodeIdOf(operation, this.#config, nameOrId);
    if (nodeId !== this.#config.localNodeId) return nodeId;
    throw new RangeError(`${operation}: node ${nodeId} is the local one; see die and restart`);
  }
}

function without(places: readonly LinkPlace[], others: readonly LinkPlace[]): LinkPlace[] {
  return places.filter(
    ({ nodeId, link }) => !others.some((other) => other.nodeId === nodeId && other.link === link),
  );
}
