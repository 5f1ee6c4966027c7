import { waitUntil } from '../wait-until.ts';
import { fromHex, parseIds, PeerProcess, toHex, type PeerOptions, type PeerRingId } from './peer-process.ts';

/** What libvotequorum called back with, in the order in which it did. */
export type VotequorumPeerEvent =
  | {
      readonly type: 'quorum';
      readonly context: string;
      readonly quorate: number;
      readonly nodes: { readonly nodeId: number; readonly state: number }[];
    }
  | {
      readonly type: 'nodelist';
      readonly context: string;
      readonly ringId: PeerRingId;
      readonly members: number[];
    }
  | { readonly type: 'expected'; readonly context: string; readonly expectedVotes: number };

/** struct votequorum_info */
export interface VotequorumPeerInfo {
  readonly nodeId: number;
  readonly state: number;
  readonly votes: number;
  readonly expectedVotes: number;
  readonly highestExpected: number;
  readonly totalVotes: number;
  readonly quorum: number;
  readonly flags: number;
  readonly qdeviceVotes: number;
  readonly qdeviceName: Buffer;
}

/** The C reference client on libvotequorum (test/c/votequorum-peer.c). */
export class VotequorumPeer extends PeerProcess {
  readonly events: VotequorumPeerEvent[];

  constructor(options: PeerOptions = {}) {
    const events: VotequorumPeerEvent[] = [];
    super('votequorum-peer', options, (kind, words) => void events.push(parseEvent(kind, words)));
    this.events = events;
  }

  /** The errno is libqb's, and counts only if the code is not 1. */
  async connect(): Promise<{ code: number; errno: number }> {
    const [code, errno] = await this.call('connect');
    return { code: Number(code), errno: Number(errno) };
  }

  /** After an error the info is whatever corosync sent. */
  async getInfo(nodeId: number): Promise<{ code: number; info: VotequorumPeerInfo }> {
    const [code, ...words] = await this.call(`getinfo ${nodeId}`);
    const qdeviceName = fromHex(words.pop());
    const [id, state, votes, expectedVotes, highestExpected, totalVotes, quorum, flags, qdeviceVotes] =
      words.map(Number) as [number, number, number, number, number, number, number, number, number];
    return {
      code: Number(code),
      info: {
        nodeId: id,
        state,
        votes,
        expectedVotes,
        highestExpected,
        totalVotes,
        quorum,
        flags,
        qdeviceVotes,
        qdeviceName,
      },
    };
  }

  setExpected(votes: number): Promise<number> {
    return this.code(`setexpected ${votes}`);
  }

  setVotes(nodeId: number, votes: number): Promise<number> {
    return this.code(`setvotes ${nodeId} ${votes}`);
  }

  /** votequorum_trackstart with the sum of CS_TRACK flags. */
  trackStart(context: bigint, flags: number): Promise<number> {
    return this.code(`trackstart ${context} ${flags}`);
  }

  trackStop(): Promise<number> {
    return this.code('trackstop');
  }

  register(name: string): Promise<number> {
    return this.code(`register ${toHex(name)}`);
  }

  unregister(name: string): Promise<number> {
    return this.code(`unregister ${toHex(name)}`);
  }

  update(oldName: string, newName: string): Promise<number> {
    return this.code(`update ${toHex(oldName)} ${toHex(newName)}`);
  }

  poll(name: string, castVote: number, { nodeId, seq }: PeerRingId): Promise<number> {
    return this.code(`poll ${toHex(name)} ${castVote} ${nodeId} ${seq}`);
  }

  masterWins(name: string, allow: number): Promise<number> {
    return this.code(`master_wins ${toHex(name)} ${allow}`);
  }

  finalize(): Promise<number> {
    return this.code('finalize');
  }

  /** Waits until that many events have come since the start, and returns all that are there. */
  async notified(count: number): Promise<readonly VotequorumPeerEvent[]> {
    await waitUntil(`${count} events`, () => this.events.length >= count, { everyMs: 5 });
    return this.events;
  }
}

function parseEvent(kind: string, [context = '', ...words]: string[]): VotequorumPeerEvent {
  const [first = '', second = '', third] = words;
  switch (kind) {
    case 'quorum':
      return { type: 'quorum', context, quorate: Number(first), nodes: second.split(',').map(parseNode) };
    case 'nodelist': {
      const ringId = { nodeId: Number(first), seq: second };
      return { type: 'nodelist', context, ringId, members: parseIds(third) };
    }
    case 'expected':
      return { type: 'expected', context, expectedVotes: Number(first) };
    default:
      throw new Error(`the C peer says: ${kind} ${context} ${words.join(' ')}`);
  }
}

function parseNode(word: string): { nodeId: number; state: number } {
  const [nodeId, state] = word.split(':').map(Number);
  return { nodeId: nodeId ?? 0, state: state ?? 0 };
}
