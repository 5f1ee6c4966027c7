import type { RingId } from '../../codec/ring-id.ts';
import type { Keys } from '../cluster/keys.ts';
import { readVoteConfig, type VoteConfig } from './vote-config.ts';
import { NO_DEVICE, NODE_STATE, VotingNodes, type NodeInfo, type VotingNode } from './voting-node.ts';

/** Whom the votes tell. */
export interface VotesListener {
  /** Whether the cluster is quorate has changed, outside of a change of membership. */
  quorumChanged(): void;
  /** The expected votes of this node have been set. */
  expectedVotesSet(): void;
}

/** What is asked of the votes with which nodes are members. */
interface Count {
  readonly quorum: number;
  readonly totalVotes: number;
}

/**
 * How corosync's votequorum (exec/votequorum.c) counts on one node: whose votes there are, how many are expected, and whether that
 * makes the cluster quorate.
 */
export class Votes {
  readonly nodes: VotingNodes;
  readonly #keys: Keys;
  readonly #listener: VotesListener;
  readonly #started: VoteConfig;
  #config: VoteConfig;
  /** corosync keeps 8 bits of it. */
  quorum = 0;
  quorate = false;
  deviceVotes = 0;
  masterWins = false;
  members: readonly number[] = [];
  ringId: RingId = { nodeId: 0, seq: 0n };
  #previousMembers: readonly number[] = [];
  #waitsForAll = false;
  #lowestNodeId: number;
  /** A change of membership is under way. */
  #syncing = false;

  constructor(nodeId: number, keys: Keys, listener: VotesListener) {
    this.#keys = keys;
    this.#listener = listener;
    this.#lowestNodeId = nodeId;
    const us = { nodeId, state: NODE_STATE.member, votes: 1, expectedVotes: 0, device: NO_DEVICE };
    this.nodes = new VotingNodes(us);
    keys.setInteger('uint32', 'runtime.votequorum.this_node_id', nodeId);
    this.#config = this.#started = readVoteConfig(keys);
    if (this.#started.waitForAll) this.#setWaitsForAll(true);
    this.#applyConfig();
    this.#recalculate(false);
  }

  get config(): VoteConfig {
    return this.#config;
  }

  get us(): VotingNode {
    return this.nodes.us;
  }

  get twoNode(): boolean {
    return this.#config.twoNode && !this.#started.autoTieBreaker;
  }

  get waitForAll(): boolean {
    return this.#started.waitForAll;
  }

  get autoTieBreaker(): boolean {
    return this.#started.autoTieBreaker && !this.#started.twoNode;
  }

  /** What corosync would say to all nodes of itself now. */
  get ownInfo(): NodeInfo {
    const { nodeId, votes, expectedVotes, device } = this.us;
    return { nodeId, votes, expectedVotes, quorate: this.quorate, device };
  }

  get highestExpected(): number {
    return Math.max(0, ...this.nodes.members().map(({ expectedVotes }) => expectedVotes));
  }

  /** Reads the configuration again. Returns what has changed and is to be told to all nodes. */
  refresh(): { readonly votes: boolean; readonly expectedVotes: boolean } {
    const { votes, expectedVotes } = this.us;
    this.#config = readVoteConfig(this.#keys);
    this.#keys.setInteger('uint32', 'runtime.votequorum.atb_type', Number(this.autoTieBreaker));
    this.#applyConfig();
    return { votes: this.us.votes !== votes, expectedVotes: this.us.expectedVotes !== expectedVotes };
  }

  /** The quorum and the votes that there would be. @param expected instead of what the members expect; 0: as they do */
  count(mayDecrease: boolean, expected: number): Count {
    const members = this.nodes.members();
    const castsVote = this.us.device.castsVote;
    const totalVotes = u32(members.reduce((sum, { votes }) => sum + votes, castsVote ? this.deviceVotes : 0));
    const needed = Math.max(half(expected || this.highestExpected), half(totalVotes));
    const nodes = members.length + (castsVote ? 1 : 0);
    if (this.twoNode && nodes <= 2) return { quorum: 1, totalVotes };
    return { quorum: mayDecrease ? needed : Math.max(this.quorum, needed), totalVotes };
  }

  /** Lets all members expect so many votes. */
  expect(votes: number): void {
    if (votes !== 0) for (const node of this.nodes.members()) node.expectedVotes = votes;
  }

  /** Somebody has set the expected votes. */
  reconfigureExpected(votes: number): void {
    this.expect(votes);
    this.#listener.expectedVotesSet();
    this.#keys.setInteger('uint32', 'runtime.votequorum.ev_barrier', votes);
    this.#recalculate(true);
  }

  /** Somebody has set the votes of a node; 0 is the quorum device. */
  reconfigureVotes(nodeId: number, votes: number): void {
    const node = this.nodes.get(nodeId);
    if (nodeId === 0) this.deviceVotes = votes;
    else if (node !== undefined) node.votes = votes;
    else return;
    this.#recalculate(true);
  }

  /** What a node says of itself. */
  nodeInfo(info: NodeInfo): void {
    const node = this.nodes.get(info.nodeId) ?? this.nodes.add(info.nodeId);
    const adopts = !this.quorate && info.quorate;
    node.device = info.device;
    node.votes = info.votes;
    node.state = NODE_STATE.member;
    if (adopts) this.us.expectedVotes = info.expectedVotes;
    node.expectedVotes = info.quorate ? info.expectedVotes : this.us.expectedVotes;
    this.#recalculate(adopts);
    if (this.waitForAll && info.quorate) this.#setWaitsForAll(false);
  }

  /** What a node says of the quorum device's votes. */
  deviceInfo(votes: number, quorate: boolean): void {
    this.deviceVotes = !this.quorate && quorate ? votes : Math.max(this.deviceVotes, votes);
    this.#recalculate(false);
  }

  /** Somebody does not want to wait for all nodes any more. */
  cancelWaitForAll(): void {
    this.#setWaitsForAll(false);
    this.#recalculate(false);
  }

  beginSync(members: readonly number[], ringId: RingId): void {
    this.#syncing = true;
    for (const nodeId of this.members) {
      const node = this.nodes.get(nodeId);
      if (node !== undefined && !members.includes(nodeId)) node.state = NODE_STATE.dead;
    }
    this.#previousMembers = this.members;
    this.members = members;
    this.ringId = ringId;
  }

  endSync(): void {
    this.#recalculate(false);
    this.#syncing = false;
  }

  #applyConfig(): void {
    const { votes, expectedVotes, device } = this.#config;
    this.us.votes = votes;
    this.us.expectedVotes = expectedVotes;
    this.deviceVotes = device === undefined ? 0 : (device.votes ?? this.deviceVotes);
    if (device !== undefined) this.#keys.setInteger('uint8', 'runtime.votequorum.qdevice_can_operate', 1);
    this.#keys.setInteger('uint32', 'runtime.votequorum.ev_barrier', expectedVotes);
    this.#keys.setInteger('uint8', 'runtime.votequorum.two_node', Number(this.twoNode));
  }

  #recalculate(mayDecrease: boolean): void {
    const total = this.nodes.members().reduce((sum, { votes }) => sum + votes, this.deviceVotes);
    if (total > this.us.expectedVotes) {
      this.us.expectedVotes = total;
      this.#listener.expectedVotesSet();
    }
    const { quorum, totalVotes } = this.count(mayDecrease, 0);
    this.quorum = quorum & 0xff;
    this.#decide(totalVotes);
  }

  #decide(totalVotes: number): void {
    if (this.waitForAll && this.#waitsForAll) {
      if (totalVotes !== this.us.expectedVotes) return;
      this.#setWaitsForAll(false);
    }
    const enough = this.quorum <= totalVotes;
    if (enough) this.#noteRange();
    const quorate = enough || this.#winsTie(totalVotes) || this.#masterWins();
    const changed = quorate !== this.quorate;
    this.quorate = quorate;
    if (this.waitForAll) this.#setWaitsForAll(!quorate);
    if (changed && !this.#syncing) this.#listener.quorumChanged();
  }

  #winsTie(totalVotes: number): boolean {
    if (!this.autoTieBreaker || totalVotes !== Math.floor(this.us.expectedVotes / 2)) return false;
    const gone = this.#previousMembers.length - this.members.length;
    return gone < this.quorum && this.nodes.members().some(({ nodeId }) => nodeId === this.#lowestNodeId);
  }

  #masterWins(): boolean {
    if (!this.masterWins) return false;
    return this.nodes.members().some(({ device }) => device.masterWins && device.castsVote);
  }

  #noteRange(): void {
    const ids = this.nodes.members().map(({ nodeId }) => nodeId);
    this.#lowestNodeId = Math.min(...ids);
    this.#keys.setInteger('uint32', 'runtime.votequorum.lowest_node_id', this.#lowestNodeId);
    this.#keys.setInteger('uint32', 'runtime.votequorum.highest_node_id', Math.max(...ids));
  }

  #setWaitsForAll(waits: boolean): void {
    this.#waitsForAll = waits;
    this.#keys.setInteger('uint8', 'runtime.votequorum.wait_for_all_status', Number(waits));
  }
}

function u32(value: number): number {
  return value >>> 0;
}

/** More than half, in 32 bits as corosync has them. */
function half(votes: number): number {
  return u32(votes + 2) >>> 1;
}
