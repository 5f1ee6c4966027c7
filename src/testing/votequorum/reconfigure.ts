import type { CsErrorName } from '../../errors/index.ts';
import type { Totem } from '../cluster/totem.ts';
import type { Votes } from './votes.ts';

/** Sets what the nodes expect, as `votequorum_setexpected` does: checked by what this node sees, and then told to all. */
export function setExpected(votes: Votes, totem: Totem, expected: number): CsErrorName {
  const { quorum, totalVotes } = votes.count(true, expected);
  if (expected < totalVotes || (votes.quorate && quorum > totalVotes)) return 'CS_ERR_INVALID_PARAM';
  votes.expect(expected);
  totem.send(() => votes.reconfigureExpected(expected));
  return 'CS_OK';
}

/** Sets a node's votes, as `votequorum_setvotes` does. Node 0 is the quorum device. */
export function setVotes(votes: Votes, totem: Totem, nodeId: number, value: number): CsErrorName {
  const node = votes.nodes.get(nodeId);
  if (node === undefined && nodeId !== 0) return 'CS_ERR_NAME_NOT_FOUND';
  const put = (count: number): void => {
    if (node === undefined) votes.deviceVotes = count;
    else node.votes = count;
  };
  const old = node?.votes ?? votes.deviceVotes;
  put(value);
  const { quorum, totalVotes } = votes.count(true, 0);
  if (quorum < Math.floor(totalVotes / 2) || quorum > totalVotes) {
    put(old);
    return 'CS_ERR_INVALID_PARAM';
  }
  totem.send(() => votes.reconfigureVotes(nodeId, value));
  return 'CS_OK';
}
