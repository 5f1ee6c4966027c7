/** VOTEQUORUM_NODESTATE_* */
export const NODE_STATE = { device: 0, member: 1, dead: 2 } as const;

/** What a node says of the quorum device that is registered on it. */
export interface DeviceFlags {
  readonly registered: boolean;
  readonly alive: boolean;
  readonly castsVote: boolean;
  readonly masterWins: boolean;
}

export const NO_DEVICE: DeviceFlags = {
  registered: false,
  alive: false,
  castsVote: false,
  masterWins: false,
};

/** A node as the votequorum of one node knows it. */
export interface VotingNode {
  readonly nodeId: number;
  state: number;
  votes: number;
  expectedVotes: number;
  device: DeviceFlags;
}

/** What a node says of itself when the membership changes. */
export interface NodeInfo {
  readonly nodeId: number;
  readonly votes: number;
  readonly expectedVotes: number;
  readonly quorate: boolean;
  readonly device: DeviceFlags;
}

/** The others by their ids, and then the node itself: so votequorum keeps them. */
export class VotingNodes {
  readonly us: VotingNode;
  readonly #others = new Map<number, VotingNode>();

  constructor(us: VotingNode) {
    this.us = us;
  }

  get(nodeId: number): VotingNode | undefined {
    return nodeId === this.us.nodeId ? this.us : this.#others.get(nodeId);
  }

  add(nodeId: number): VotingNode {
    const node = { nodeId, state: NODE_STATE.dead, votes: 0, expectedVotes: 0, device: NO_DEVICE };
    this.#others.set(nodeId, node);
    return node;
  }

  all(): VotingNode[] {
    return [...[...this.#others.values()].sort((a, b) => a.nodeId - b.nodeId), this.us];
  }

  members(): VotingNode[] {
    return this.all().filter(({ state }) => state === NODE_STATE.member);
  }
}
