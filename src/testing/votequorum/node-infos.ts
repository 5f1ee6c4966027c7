import type { ClusterConfig } from '../cluster/cluster-options.ts';
import type { Keys } from '../cluster/keys.ts';
import { readVoteConfig, votesOfNode } from './vote-config.ts';
import { NO_DEVICE, type NodeInfo } from './voting-node.ts';
import type { Votes } from './votes.ts';

/** What the other nodes say of themselves when the membership changes. */
export class NodeInfos {
  readonly #config: ClusterConfig;
  readonly #keys: Keys;
  readonly #votes: Votes;
  /** What nodes that are cut off know of themselves. */
  readonly #cutOff = new Map<number, NodeInfo>();

  constructor(config: ClusterConfig, keys: Keys, votes: Votes) {
    this.#config = config;
    this.#keys = keys;
    this.#votes = votes;
  }

  /** What a member says: what it knew when it was cut off; what it has read from its file; or else what all know. */
  take(nodeId: number, joined: boolean): NodeInfo {
    const kept = this.#cutOff.get(nodeId);
    this.#cutOff.delete(nodeId);
    if (nodeId === this.#votes.us.nodeId) return this.current(nodeId);
    return kept ?? (joined ? this.#fresh(nodeId) : this.current(nodeId));
  }

  current(nodeId: number): NodeInfo {
    const { nodes, us, quorate } = this.#votes;
    const { votes = 1, device = NO_DEVICE } = nodes.get(nodeId) ?? {};
    return { nodeId, votes, expectedVotes: us.expectedVotes, quorate, device };
  }

  /** Nodes are cut off together: they have among them the votes that they have. */
  keep(nodeIds: readonly number[]): void {
    const infos = nodeIds.map((id) => this.current(id));
    const total = infos.reduce((sum, { votes }) => sum + votes, 0);
    const quorate = this.#votes.quorate && total >= this.#votes.quorum;
    for (const info of infos) this.#cutOff.set(info.nodeId, { ...info, quorate });
  }

  /** Nodes have ended: they know nothing when they come back. */
  forget(nodeIds: readonly number[]): void {
    for (const id of nodeIds) this.#cutOff.delete(id);
  }

  #fresh(nodeId: number): NodeInfo {
    const position = this.#config.nodes.findIndex(({ id }) => id === nodeId);
    const votes = votesOfNode(this.#keys, position);
    const { expectedVotes, waitForAll } = readVoteConfig(this.#keys);
    const quorate = !waitForAll && votes >= Math.floor((expectedVotes + 2) / 2);
    return { nodeId, votes, expectedVotes, quorate, device: NO_DEVICE };
  }
}
