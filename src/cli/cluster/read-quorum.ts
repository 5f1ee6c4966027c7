import { CsError } from '../../errors/index.ts';
import type { QuorumRingId, QuorumTrackEvent, VotequorumInfo } from '../../index.ts';
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

/** @param timeoutMs how long to wait for what corosync tells by itself */
export async function readQuorum(services: Connector, timeoutMs?: number): Promise<QuorumPicture> {
  const [quorum, cfg] = await Promise.all([services.quorum(), services.cfg()]);
  const votes = quorum.type === 'set' ? (await services.votequorum()).getInfo() : undefined;
  const [state, nodeId, info] = await Promise.all([readState(quorum, timeoutMs), cfg.localNodeId(), votes]);
  return { ...state, nodeId, votes: info };
}

type State = Pick<QuorumPicture, 'quorate' | 'members' | 'ringId'>;

/** As for the calls of the clients. */
const DEFAULT_TIMEOUT_MS = 30_000;

/**
 * Members, and whether they are quorate: corosync tells it in events, which no call waits for.
 * @throws CsError CS_ERR_TIMEOUT: it has not told it in time
 */
export async function readState(quorum: QuorumReader, timeoutMs = DEFAULT_TIMEOUT_MS): Promise<State> {
  const tracker = await quorum.track();
  const timer = setTimeout(() => void tracker.close(), timeoutMs);
  try {
    const state = await firstState(tracker);
    if (state !== undefined) return state;
  } finally {
    clearTimeout(timer);
  }
  const detail = `corosync has not told of quorum within ${timeoutMs} ms`;
  throw new CsError('CS_ERR_TIMEOUT', { operation: 'quorum_trackstart', detail });
}

/** Without a provider of quorum, the event of quorum names no members. */
async function firstState(events: AsyncIterable<QuorumTrackEvent>): Promise<State | undefined> {
  let known: Pick<State, 'members' | 'ringId'> = { members: [], ringId: { nodeId: undefined, seq: 0n } };
  for await (const event of events) {
    if (event.kind === 'nodelist') known = event;
    if (event.kind !== 'quorum') continue;
    const { members, ringId } = event.members.length > 0 ? event : known;
    return { quorate: event.quorate, members, ringId };
  }
  return undefined;
}
