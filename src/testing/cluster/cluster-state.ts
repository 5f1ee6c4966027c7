import type { RingId } from '../../codec/ring-id.ts';
import { CS_ERROR_CODES, type CsErrorName } from '../../errors/index.ts';
import type { FakeMaps } from '../cmap/fake-cmap.ts';
import { toStored } from '../cmap/stored-value.ts';
import { QuorumDevice } from '../votequorum/quorum-device.ts';
import { readVoteConfig, votesOfNode } from '../votequorum/vote-config.ts';
import { NO_DEVICE, type DeviceFlags, type NodeInfo } from '../votequorum/voting-node.ts';
import { Votes } from '../votequorum/votes.ts';
import type { ClusterConfig, ClusterNode } from './cluster-options.ts';
import { ConfigFile, RELOADING } from './config-file.ts';
import { Keys } from './keys.ts';
import { noteJoined, noteLeft } from './member-keys.ts';
import { Links, type FakeLink } from './links.ts';
import { Totem } from './totem.ts';

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
}

const NO_RING: RingId = { nodeId: 0, seq: 0n };

/** The cluster as one corosync knows it, from its start to its end: all services and the configuration map tell of this. */
export class ClusterState {
  readonly config: ClusterConfig;
  readonly keys: Keys;
  readonly totem: Totem;
  readonly links: Links;
  readonly configFile: ConfigFile;
  /** With a provider of quorum. */
  readonly votes: Votes | undefined;
  readonly device: QuorumDevice | undefined;
  /** This node alone, before it has seen any other. */
  members: readonly number[] = [];
  ringId: RingId = NO_RING;
  view: QuorumView = { members: [], ringId: NO_RING };
  readonly #host: ClusterHost;
  readonly #stats: FakeMaps['stats'];
  readonly #listeners: ClusterListener[] = [];
  #held = false;
  /** What nodes that are cut off know of themselves. */
  readonly #cutOff = new Map<number, NodeInfo>();

  constructor(config: ClusterConfig, maps: FakeMaps, host: ClusterHost) {
    this.config = config;
    this.#host = host;
    this.#stats = maps.stats;
    this.keys = new Keys(maps.icmap);
    this.configFile = new ConfigFile(this.keys);
    this.totem = new Totem(() => host.paused);
    this.links = new Links(config.localNodeId, config.nodes);
    if (config.provider !== 'none') {
      this.votes = new Votes(config.localNodeId, this.keys, {
        quorumChanged: () => this.#tellQuorum(),
        expectedVotesSet: () => this.#tell((listener) => listener.expectedVotesSet?.()),
      });
      this.device = new QuorumDevice(this.votes, this.totem, this.keys);
      for (const prefix of ['nodelist.', 'quorum.', RELOADING]) {
        this.keys.watch(prefix, (key) => this.#configChanged(key));
      }
    }
    this.#formRing([config.localNodeId], []);
    if (config.members.length > 1) this.#formRing(config.members, []);
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

  /** Nodes are gone, all for the same reason. Those that are cut off run on together, and know what they knew when they come back. */
  lose(nodeIds: readonly number[], how: HowNodesGo): void {
    const lost = this.members.filter((id) => nodeIds.includes(id) && id !== this.localNodeId);
    for (const id of nodeIds) this.#cutOff.delete(id);
    if (how === 'cut off') this.#keepInfo(lost);
    this.#tell((listener) => listener.nodesGo?.(nodeIds, how));
    if (lost.length > 0)
      this.#formRing(
        this.members.filter((id) => !lost.includes(id)),
        [],
      );
  }

  join(nodeIds: readonly number[]): void {
    const members = [...new Set([...this.members, ...nodeIds])].sort((a, b) => a - b);
    if (members.length > this.members.length) this.#formRing(members, []);
  }

  /** Members have started again before they were missed. */
  restart(nodeIds: readonly number[]): void {
    const restarted = this.members.filter((id) => nodeIds.includes(id) && id !== this.localNodeId);
    this.#tell((listener) => listener.nodesGo?.(restarted, 'lost'));
    if (restarted.length > 0) this.#formRing(this.members, restarted);
  }

  setLink(nodeId: number, link: number, status: FakeLink): void {
    this.links.set(nodeId, link, status);
    const key = `stats.knet.node${nodeId}.link${link}.`;
    const put = (name: string, type: 'uint8' | 'uint32', value: number): void =>
      this.#stats.put(key + name, toStored('FakeCorosync', key + name, { type, value }));
    put('enabled', 'uint8', Number(status.enabled));
    put('connected', 'uint8', Number(status.connected));
    put('mtu', 'uint32', status.mtu);
  }

  setDevice(nodeId: number, flags: DeviceFlags, name: Buffer | undefined): void {
    const { votes, device } = this;
    if (votes === undefined || device === undefined) return;
    if (name !== undefined) device.name = name;
    votes.masterWins ||= flags.masterWins;
    const node = votes.nodes.get(nodeId);
    if (node !== undefined) node.device = flags;
    votes.deviceInfo(votes.deviceVotes, this.quorate);
    votes.nodeInfo({ ...this.#current(nodeId), device: flags });
  }

  /** A node was told to exit at once. */
  kill(nodeId: number): void {
    if (nodeId === this.localNodeId) this.#host.end('killed');
    else this.lose([nodeId], 'lost');
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

  /** A change of membership: every service is told of it, and then, when votequorum has counted, of quorum. */
  #formRing(members: readonly number[], restarted: readonly number[]): void {
    const stays = (id: number): boolean => !restarted.includes(id);
    const left = this.members.filter((id) => !members.includes(id) || !stays(id));
    const joined = members.filter((id) => !this.members.includes(id) || !stays(id));
    for (const id of left) noteLeft(this.keys, id);
    for (const id of joined) noteJoined(this.keys, id, this.node(id)?.addresses ?? []);
    for (const id of this.config.nodes.map((node) => node.id)) this.#connectLinks(id, members.includes(id));
    this.members = members;
    this.ringId = { nodeId: Math.min(...members), seq: this.ringId.seq + 4n };
    this.#tell((listener) => listener.membershipChanged?.(joined, left));
    this.#sync(joined);
  }

  #sync(joined: readonly number[]): void {
    const { votes, device } = this;
    if (votes === undefined || device === undefined) return;
    const infos = this.members.map((id) => this.#infoOf(id, joined.includes(id)));
    votes.beginSync(this.members, this.ringId);
    this.#tell((listener) => listener.votesMembershipChanged?.());
    for (const info of infos) votes.nodeInfo(info);
    const endSync = (): void => {
      this.#holdOff(false);
      votes.endSync();
      this.#tellQuorum();
    };
    if (device.awaitPoll(endSync)) this.#holdOff(true);
    else endSync();
  }

  #holdOff(held: boolean): void {
    if (held === this.#held) return;
    this.#held = held;
    this.#host.holdOff(held);
  }

  /** What a member says of itself: what it knew when it was cut off; what it has read from its file; or else what all know. */
  #infoOf(nodeId: number, joined: boolean): NodeInfo {
    const kept = this.#cutOff.get(nodeId);
    this.#cutOff.delete(nodeId);
    if (nodeId === this.localNodeId) return this.#current(nodeId);
    return kept ?? (joined ? this.#fresh(nodeId) : this.#current(nodeId));
  }

  #fresh(nodeId: number): NodeInfo {
    const votes = votesOfNode(
      this.keys,
      this.config.nodes.findIndex(({ id }) => id === nodeId),
    );
    const { expectedVotes, waitForAll } = readVoteConfig(this.keys);
    const quorate = !waitForAll && votes >= Math.floor((expectedVotes + 2) / 2);
    return { nodeId, votes, expectedVotes, quorate, device: NO_DEVICE };
  }

  #current(nodeId: number): NodeInfo {
    const node = this.votes?.nodes.get(nodeId);
    const { expectedVotes } = this.votes?.us ?? { expectedVotes: 0 };
    return {
      nodeId,
      votes: node?.votes ?? 1,
      expectedVotes,
      quorate: this.quorate,
      device: node?.device ?? NO_DEVICE,
    };
  }

  /** They have among them the votes that they have. */
  #keepInfo(nodeIds: readonly number[]): void {
    const infos = nodeIds.map((id) => this.#current(id));
    const total = infos.reduce((sum, { votes }) => sum + votes, 0);
    const quorate = this.quorate && total >= (this.votes?.quorum ?? 0);
    for (const info of infos) this.#cutOff.set(info.nodeId, { ...info, quorate });
  }

  #connectLinks(nodeId: number, connected: boolean): void {
    if (nodeId === this.localNodeId || this.links.reachable(nodeId) === connected) return;
    for (const [link, status] of (this.links.of(nodeId) ?? []).entries()) {
      this.setLink(nodeId, link, { ...status, connected });
    }
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
    this.view = { members: votes.members, ringId: votes.ringId };
    this.#tell((listener) => listener.quorumKnown?.());
    this.#tell((listener) => listener.votesQuorumKnown?.());
  }

  #tell(what: (listener: ClusterListener) => void): void {
    for (const listener of this.#listeners) what(listener);
  }
}
