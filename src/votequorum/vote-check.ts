import type { MessageReader } from '../codec/message-reader.ts';
import { decodeVotequorumEvent, type VotequorumEvent } from '../codec/votequorum/event.ts';
import { GetInfoRequest, type VotequorumInfo } from '../codec/votequorum/get-info.ts';
import { TrackStartRequest } from '../codec/votequorum/track.ts';
import { CsError, type ConnectionError } from '../errors/index.ts';
import { within } from '../ipc/index.ts';
import type { CallLimits } from '../options/call-options.ts';
import type { CallSubject, ServiceClient } from '../service/index.ts';
import { checkContext, randomContext } from './tracking.ts';

/** corosync keeps quorum in 8 bits. With more votes it is more than 255, and wraps around: two halves of a cluster could be quorate. */
export const MAX_VOTES = 509;

/** What there is of votes, as this node sees it. */
export interface Votes {
  readonly quorate: boolean;
  /** Of each node that corosync has ever seen, those that are gone too: they come back with their votes. */
  readonly ofNodes: ReadonlyMap<number, number>;
  readonly qdeviceVotes: number;
}

/** Hears which nodes there are, on a connection of its own. */
export class NodesReceiver {
  readonly #context = randomContext();
  readonly #nodes: Promise<readonly number[]>;
  #resolve: (nodes: readonly number[]) => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;

  constructor() {
    this.#nodes = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#nodes.catch(() => undefined); // nobody may have asked yet
  }

  decode(event: MessageReader): VotequorumEvent | undefined {
    return checkContext(decodeVotequorumEvent(event), this.#context);
  }

  deliver(event: VotequorumEvent): void {
    if (event.type === 'quorum') this.#resolve(event.nodes.map(({ nodeId }) => nodeId));
  }

  ended(error: ConnectionError | undefined): void {
    this.#reject(error ?? new CsError('CS_ERR_BAD_HANDLE', { operation: 'connection' }));
  }

  /** Asks for one snapshot: it comes as an event. */
  async ask(side: ServiceClient, subject: CallSubject, limits: CallLimits): Promise<readonly number[]> {
    await side.submit(new TrackStartRequest(this.#context, 'current'), limits);
    const { timeoutMs, signal } = limits;
    return within(this.#nodes, { ...subject, timeoutMs, signal });
  }
}

/** Asks corosync for the votes of all nodes. */
export async function readVotes(
  side: ServiceClient,
  nodes: readonly number[],
  limits: CallLimits,
): Promise<Votes> {
  const others = nodes.filter((nodeId) => nodeId !== 0);
  const asked = [0, ...others].map((nodeId) => side.submit(new GetInfoRequest(nodeId), limits));
  const [local, ...infos] = (await Promise.all(asked)) as [VotequorumInfo, ...VotequorumInfo[]];
  return {
    quorate: local.flags.includes('quorate'),
    ofNodes: new Map(infos.map(({ nodeId, votes }) => [nodeId, votes])),
    qdeviceVotes: local.qdeviceVotes,
  };
}

/**
 * Changes of votes take effect after corosync has answered: what was asked for counts until it is seen, or a second change would be
 * checked against what was before the first.
 */
export class AskedVotes {
  readonly #asked = new Map<number, number>();

  note(nodeId: number, votes: number): void {
    this.#asked.set(nodeId, votes);
  }

  forget(nodeId: number): void {
    this.#asked.delete(nodeId);
  }

  /** All votes that there are or may be in a moment, with `votes` for this node. */
  total(
    { ofNodes, qdeviceVotes }: Votes,
    change?: { readonly nodeId: number; readonly votes: number },
  ): number {
    const known = new Map(ofNodes);
    for (const [nodeId, votes] of this.#asked) {
      if (ofNodes.get(nodeId) === votes) this.#asked.delete(nodeId);
      else known.set(nodeId, Math.max(votes, known.get(nodeId) ?? 0));
    }
    if (change !== undefined) known.set(change.nodeId, change.votes);
    return [...known.values()].reduce((sum, votes) => sum + votes, qdeviceVotes);
  }
}

/** @throws CsError CS_ERR_INVALID_PARAM */
export function checkTotal(subject: CallSubject, total: number): void {
  if (total <= MAX_VOTES) return;
  const detail =
    `there would be ${total} votes, with those of nodes that are gone; ` +
    `corosync keeps quorum in 8 bits, and more than ${MAX_VOTES} votes would make it wrap around`;
  throw new CsError('CS_ERR_INVALID_PARAM', { ...subject, detail });
}

/** @throws CsError CS_ERR_INVALID_PARAM */
export function checkQuorate(subject: CallSubject, { quorate }: Votes, evenIfInquorate: boolean): void {
  if (quorate || evenIfInquorate) return;
  const detail =
    'this node is not quorate, and the change could make it so beside another part of the cluster that is; ' +
    'make sure that the others are down, and set options.evenIfInquorate';
  throw new CsError('CS_ERR_INVALID_PARAM', { ...subject, detail });
}
