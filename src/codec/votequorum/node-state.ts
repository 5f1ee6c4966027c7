/** Of a node as votequorum sees it. A number is a state that it does not define: 0 is that of the quorum device. */
export type VotequorumNodeState = 'member' | 'dead' | 'leaving' | number;

/** VOTEQUORUM_NODESTATE_* */
const NODE_STATES: readonly VotequorumNodeState[] = [0, 'member', 'dead', 'leaving'];

export function nodeState(code: number): VotequorumNodeState {
  return NODE_STATES[code] ?? code;
}
