/** Of a node as votequorum sees it. A number is a state that it does not define: 0 is that of the quorum device. */
export type VotequorumNodeState = 'member' | 'dead' | 'leaving' | number;

/** VOTEQUORUM_NODESTATE_* */
const NODE_STATES: readonly VotequorumNodeState[] = [0, 'member', 'dead', 'leaving'];

export function nodeState(code: number): VotequorumNodeState {
  return NODE_STATES[code] ?? code;
}

/** VOTEQUORUM_QDEVICE_NODEID: what stands for the quorum device where a node's id is expected. */
export const QDEVICE_NODE_ID = 0;
