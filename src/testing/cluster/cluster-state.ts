import type { RingId } from '../../codec/ring-id.ts';
import { CS_ERROR_CODES, type CsErrorName } from '../../errors/index.ts';
import type { FakeMaps } from '../cmap/fake-cmap.ts';
import { QuorumDevice } from '../votequorum/quorum-device.ts';
import { NodeInfos } from '../votequorum/node-infos.ts';
import type { DeviceFlags } from '../votequorum/voting-node.ts';
import { Votes } from '../votequorum/votes.ts';
import type { ClusterConfig, ClusterNode } from './cluster-options.ts';
import { ConfigFile, RELOADING } from './config-file.ts';
import { Keys } from './keys.ts';
import { noteConfigVersion, noteJoined, noteLeft } from './member-keys.ts';
import { Links } from './links.ts';
import { Statistics } from './statistics.ts';
import { Totem } from './totem.ts';
import { beginTotemStatistics, noteRing, type RingCause } from './totem-statistics.ts';

const { CS_OK } = CS_ERROR_CODES;

/** Why nodes are members no more. */
export type HowNodesGo = 'shut down' | 'lost' | 'cut off';

/** Whom a cluster tells what happens, in the order in which corosync does. */
export interface ClusterListener {
  /** Nodes are about to go: corosync ends in good order there, or nodes are lost, or they are cut off and run on. */
  nodesGo?(nodeIds: readonly number[], how: HowNodesGo): void;
  /** The membership has changed. */
  membershipChanged?(joined: readonly number[], left: readonly number[]): void;
  /** The same, told by votequorum, which asks the quorum device. */
  votesMembershipChanged?(): void;
  /** Quorum is known for this membership, or has changed in it. */
  quorumKnown?(): void;
  /** The same, told by votequorum. */
  votesQuorumKnown?(): void;
  expectedVotesSet?(): void;
}

/** What a cluster asks of the fake. */
export interface ClusterHost {
  readonly paused: boolean;
  /** While a change of membership waits: connections that are there may not be read. */
  holdOff(held: boolean): void;
  /** This corosync was told to end: killed, or shut down in good order. */
  end(how: 'killed' | 'shut down'): void;
}

/** Quorum, as the quorum service was told of it last. */
export interface QuorumView {
  readonly members: readonly number[];
  readonly ringId: RingId;
  readonly quorate: boolean;
}

const NO_RING: RingId = { nodeId: 0, seq: 0n };

/** The cluster as one corosync knows it, from its start to its end: all services and the configuration map tell of this. */
export class ClusterState {
  readonly config: ClusterConfig;
  readonly keys: Keys;
  readonly totem: Totem;
  readonly links: Links;
  readonly configFile: ConfigFile;
  readonly statistics: Statistics;
  /** With a provider of quorum. */
  readonly votes: Votes | undefined;
  readonly device: QuorumDevice | undefined;
  /** This node alone, before it has seen any other. */
  members: readonly number[] = [];
  ringId: RingId = NO_RING;
  view: QuorumView;
  readonly #host: ClusterHost;
  readonly #listeners: ClusterListener[] = [];
  #held = false;
  readonly #infos: NodeInfos | undefined;

  constructor(config: ClusterConfig, maps: FakeMaps, host: ClusterHost) {
    this.config = config;
    this.#host = host;
    this.statistics = new Statistics(maps.stats);
    this.keys = new Keys(maps.icmap);
    this.configFile = new ConfigFile(this.keys);
    this.totem = new Totem(() => host.paused);
    this.links = new Links(config, this.statistics);
    this.view = { members: [], ringId: NO_RING, quorate: config.provider === 'none' };
    if (config.provider !== 'none') {
      this.votes = new Votes(config.localNodeId, this.keys, {
        quorumChanged: () => this.#tellQuorum(),
        expectedVotesSet: () => this.#tell((listener) => listener.expectedVotesSet?.()),
      });
      this.device = new QuorumDevice(this.votes, this.totem, this.keys);
      this.#infos = new NodeInfos(config, this.keys, this.votes);
      for (const prefix of ['nodelist.', 'quorum.', RELOADING]) {
        this.keys.watch(prefix, (key) => this.#configChanged(key));
      }
    }
    beginTotemStatistics(this.statistics);
    this.#formRing([config.localNodeId], 'join or leave');
    if (config.members.length > 1) this.#formRing(config.members, 'join or leave');
  }

  /** Milliseconds in which corosync finds out who is there; a node that has no others need not. */
  get settleMs(): number {
    if (this.config.nodes.length === 1) return 0;
    const timeouts = ['token', 'consensus'].map(
      (name) => this.keys.integer(`runtime.config.totem.${name}`) ?? 0,
    );
    return timeouts.reduce((sum, ms) => sum + ms, 0);
  }

  /** Whether this node's part of the cluster is quorate: always without a provider. */
  get quorate(): boolean {
    return this.votes?.quorate ?? true;
  }

  get localNodeId(): number {
    return this.config.localNodeId;
  }

  /** A change of membership waits for its end. */
  get syncing(): boolean {
    return this.#held;
  }

  node(nodeId: number): ClusterNode | undefined {
    return this.config.nodes.find(({ id }) => id === nodeId);
  }

  listen(listener: ClusterListener): void {
    this.#listeners.push(listener);
  }

  /** Does what happens outside of this corosync: it notices when it runs. */
  act(action: () => void): void {
    if (this.#host.paused) this.totem.send(action);
    else {
      this.totem.flush();
      action();
    }
  }

  /** What totem delivers, in its order with what this node has sent. */
  order(deliver: () => void): void {
    this.totem.send(deliver);
    if (!this.#host.paused) this.totem.flush();
  }

  /** corosync has ended on nodes in good order: they have said so, and the ring goes on without them. */
  leave(nodeIds: readonly number[]): void {
    this.#infos?.forget(nodeIds);
    this.#tell((listener) => listener.nodesGo?.(nodeIds, 'shut down'));
    this.#part(nodeIds, 'join or leave');
  }

  /** Nodes are gone without a word, all at once. @param cutOff groups that run on together, and know what they knew when they come back */
  lose(nodeIds: readonly number[], cutOff: readonly (readonly number[])[]): void {
    const others = cutOff.map((group) => group.filter((id) => this.#isOther(id)));
    this.#infos?.forget(nodeIds);
    for (const group of others) this.#infos?.keep(group);
    if (nodeIds.length > 0) this.#tell((listener) => listener.nodesGo?.(nodeIds, 'lost'));
    if (cutOff.length > 0) this.#tell((listener) => listener.nodesGo?.(cutOff.flat(), 'cut off'));
    this.#part([...nodeIds, ...others.flat()], 'silence');
  }

  join(nodeIds: readonly number[]): void {
    const members = [...new Set([...this.members, ...nodeIds])].sort((a, b) => a - b);
    if (members.length === this.members.length) return;
    for (const id of nodeIds) this.links.connect(id, true);
    this.#formRing(members, 'join or leave');
  }

  /** Members have started again before they were missed. */
  restart(nodeIds: readonly number[]): void {
    const restarted = nodeIds.filter((id) => this.#isOther(id));
    if (restarted.length === 0) return;
    this.#tell((listener) => listener.nodesGo?.(restarted, 'lost'));
    for (const id of restarted) this.links.bounce(id);
    this.#formRing(this.members, 'lost token', restarted);
  }

  /** All are still there when a ring is formed again. */
  loseToken(): void {
    this.#formRing(this.members, 'lost token');
  }

  setDevice(nodeId: number, flags: DeviceFlags, name: Buffer | undefined): void {
    const { votes, device } = this;
    const info = this.#infos?.current(nodeId);
    if (votes === undefined || device === undefined || info === undefined) return;
    if (name !== undefined) device.name = name;
    votes.masterWins ||= flags.masterWins;
    const node = votes.nodes.get(nodeId);
    if (node !== undefined) node.device = flags;
    votes.deviceInfo(votes.deviceVotes, this.quorate);
    votes.nodeInfo({ ...info, quorate: this.quorate, device: flags });
  }

  /** A node was told to exit at once. */
  kill(nodeId: number): void {
    if (nodeId === this.localNodeId) this.#host.end('killed');
    else this.lose([nodeId], []);
  }

  /** Every node reads its file again; this one says how that went. */
  reload(done: (error: CsErrorName) => void): void {
    this.totem.send(() => done(this.configFile.reload()));
  }

  shutDown(): void {
    this.#host.end('shut down');
  }

  close(): void {
    this.totem.close();
    this.device?.close();
  }

  #isOther(nodeId: number): boolean {
    return nodeId !== this.localNodeId && this.members.includes(nodeId);
  }

  #part(nodeIds: readonly number[], cause: RingCause): void {
    const members = this.members.filter((id) => id === this.localNodeId || !nodeIds.includes(id));
    if (members.length === this.members.length) return;
    for (const id of nodeIds) this.links.connect(id, false);
    this.#formRing(members, cause);
  }

  /**
   * A change of membership: every service is told of it, and then, when votequorum has counted, of quorum.
   * @param restarted members that are there again
   */
  #formRing(members: readonly number[], cause: RingCause, restarted: readonly number[] = []): void {
    noteRing(this.statistics, cause);
    const stays = (id: number): boolean => !restarted.includes(id);
    const left = this.members.filter((id) => !members.includes(id) || !stays(id));
    const joined = members.filter((id) => !this.members.includes(id) || !stays(id));
    for (const id of left) noteLeft(this.keys, id);
    for (const id of joined) noteJoined(this.keys, id, this.node(id)?.addresses ?? []);
    // They say it when the ring is there.
    for (const id of joined) noteConfigVersion(this.keys, id, this.config.configVersion ?? 0);
    if (this.device?.polls === true) this.#holdOff(true);
    this.members = members;
    this.ringId = { nodeId: Math.min(...members), seq: this.ringId.seq + 4n };
    this.#tell((listener) => listener.membershipChanged?.(joined, left));
    this.#sync(joined);
  }

  #sync(joined: readonly number[]): void {
    const { votes, device } = this;
    const known = this.#infos;
    if (votes === undefined || device === undefined || known === undefined) return;
    const infos = this.members.map((id) => known.take(id, joined.includes(id)));
    votes.beginSync(this.members, this.ringId);
    this.#tell((listener) => listener.votesMembershipChanged?.());
    for (const info of infos) votes.nodeInfo(info);
    const endSync = (): void => {
      votes.endSync();
      this.#tellQuorum();
      this.#holdOff(false);
    };
    if (!device.awaitPoll(endSync)) endSync();
  }

  #holdOff(held: boolean): void {
    if (held === this.#held) return;
    this.#held = held;
    this.#host.holdOff(held);
  }

  /** votequorum looks at its configuration again. */
  #configChanged(key: string): void {
    const { votes } = this;
    if (votes === undefined || this.keys.integer(RELOADING) === 1) return;
    if (key === RELOADING && (this.keys.integer('config.reload_status') ?? CS_OK) !== CS_OK) return;
    if (key === 'quorum.cancel_wait_for_all' && (this.keys.integer(key) ?? 0) >= 1) {
      this.keys.setInteger('uint8', key, 0);
      this.totem.send(() => votes.cancelWaitForAll());
      return;
    }
    const changed = votes.refresh();
    const info = votes.ownInfo;
    const { deviceVotes } = votes;
    this.totem.send(() => votes.nodeInfo(info));
    this.totem.send(() => votes.deviceInfo(deviceVotes, votes.quorate));
    if (changed.votes) this.totem.send(() => votes.reconfigureVotes(info.nodeId, info.votes));
    if (changed.expectedVotes) this.totem.send(() => votes.reconfigureExpected(info.expectedVotes));
  }

  #tellQuorum(): void {
    const { votes } = this;
    if (votes === undefined) return;
    this.view = { members: votes.members, ringId: votes.ringId, quorate: votes.quorate };
    this.#tell((listener) => listener.quorumKnown?.());
    this.#tell((listener) => listener.votesQuorumKnown?.());
  }

  #tell(what: (listener: ClusterListener) => void): void {
    for (const listener of this.#listeners) what(listener);
  }
}
