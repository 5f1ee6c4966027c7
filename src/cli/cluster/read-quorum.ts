import type { QuorumRingId, VotequorumInfo } from '../../index.ts';
import type { Connector, QuorumReader } from './connector.ts';

/** What the cluster is, as this node sees it. */
export interface QuorumPicture {
  readonly quorate: boolean;
  /** Of this node. */
  readonly nodeId: number;
  readonly members: readonly number[];
  readonly ringId: QuorumRingId;
  /** Of this node; `undefined` without votequorum. */
  readonly votes: VotequorumInfo | undefined;
}

export async function readQuorum(services: Connector): Promise<QuorumPicture> {
  const [quorum, cfg] = await Promise.all([services.quorum(), services.cfg()]);
  const votes = quorum.type === 'set' ? (await services.votequorum()).getInfo() : undefined;
  const [state, nodeId, info] = await Promise.all([readState(quorum), cfg.localNodeId(), votes]);
  return { ...state, nodeId, votes: info };
}

/** Members, and whether they are quorate. Without a provider of quorum, the event of quorum names no members. */
export async function readState(
  quorum: QuorumReader,
): Promise<Pick<QuorumPicture, 'quorate' | 'members' | 'ringId'>> {
  let known: Pick<QuorumPicture, 'members' | 'ringId'> = {
    members: [],
    ringId: { nodeId: undefined, seq: 0n },
  };
  const tracker = await quorum.track();
  for await (const event of tracker) {
    if (event.kind === 'nodelist') known = event;
    if (event.kind !== 'quorum') continue;
    const { members, ringId } = event.members.length > 0 ? event : known;
    return { quorate: event.quorate, members, ringId };
  }
  throw new Error('corosync has not told of quorum');
}
