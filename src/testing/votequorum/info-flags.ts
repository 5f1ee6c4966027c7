import type { VotingNode } from './voting-node.ts';
import type { Votes } from './votes.ts';

/** VOTEQUORUM_INFO_* */
const FLAGS = {
  twoNode: 1,
  quorate: 2,
  waitForAll: 4,
  autoTieBreaker: 16,
  registered: 64,
  alive: 128,
  castsVote: 256,
  masterWins: 512,
} as const;

/** Those of the quorum device are the asked node's, the others this one's. */
export function infoFlags(votes: Votes, { device }: VotingNode): number {
  const { twoNode, quorate, waitForAll, autoTieBreaker } = votes;
  const holds: Readonly<Record<keyof typeof FLAGS, boolean>> = {
    twoNode,
    quorate,
    waitForAll,
    autoTieBreaker,
    ...device,
  };
  return (Object.keys(FLAGS) as (keyof typeof FLAGS)[])
    .filter((flag) => holds[flag])
    .reduce((bits, flag) => bits | FLAGS[flag], 0);
}
