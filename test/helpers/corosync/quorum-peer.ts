import { waitUntil } from '../wait-until.ts';
import { parseIds, PeerProcess, type PeerOptions, type PeerRingId } from './peer-process.ts';

/** What libquorum called back with, in the order in which it did. */
export type QuorumPeerEvent =
  | { readonly type: 'v0'; readonly quorate: number; readonly seq: string; readonly members: number[] }
  | {
      readonly type: 'quorum';
      readonly quorate: number;
      readonly ringId: PeerRingId;
      readonly members: number[];
    }
  | {
      readonly type: 'nodelist';
      readonly ringId: PeerRingId;
      readonly members: number[];
      readonly joined: number[];
      readonly left: number[];
    };

/** `old` is quorum_initialize, the others are quorum_model_initialize. */
export type QuorumPeerModel = 'old' | 'v0' | 'v1';

/** The C reference client on libquorum (test/c/quorum-peer.c). */
export class QuorumPeer extends PeerProcess {
  readonly events: QuorumPeerEvent[];

  constructor(options: PeerOptions = {}) {
    const events: QuorumPeerEvent[] = [];
    super('quorum-peer', options, (kind, words) => void events.push(parseEvent(kind, words)));
    this.events = events;
  }

  /** The errno is libqb's, and counts only if the code is not 1. */
  async connect(model: QuorumPeerModel): Promise<{ code: number; errno: number; type: number }> {
    const [code, errno, type] = await this.call(`connect ${model}`);
    return { code: Number(code), errno: Number(errno), type: Number(type) };
  }

  async getQuorate(): Promise<{ code: number; quorate: number }> {
    const [code, quorate] = await this.call('getquorate');
    return { code: Number(code), quorate: Number(quorate) };
  }

  /** quorum_trackstart with the sum of CS_TRACK flags. */
  trackStart(flags: number): Promise<number> {
    return this.code(`trackstart ${flags}`);
  }

  trackStop(): Promise<number> {
    return this.code('trackstop');
  }

  finalize(): Promise<number> {
    return this.code('finalize');
  }

  /** Waits until that many events have come since the start, and returns all that are there. */
  async notified(count: number): Promise<readonly QuorumPeerEvent[]> {
    await waitUntil(`${count} events`, () => this.events.length >= count, { everyMs: 5 });
    return this.events;
  }
}

function parseEvent(kind: string, words: string[]): QuorumPeerEvent {
  const [first, second = '', third, fourth, fifth] = words;
  switch (kind) {
    case 'v0':
      return { type: 'v0', quorate: Number(first), seq: second, members: parseIds(third) };
    case 'quorum': {
      const ringId = { nodeId: Number(second), seq: third ?? '' };
      return { type: 'quorum', quorate: Number(first), ringId, members: parseIds(fourth) };
    }
    case 'nodelist': {
      const ringId = { nodeId: Number(first), seq: second };
      return {
        type: 'nodelist',
        ringId,
        members: parseIds(third),
        joined: parseIds(fourth),
        left: parseIds(fifth),
      };
    }
    default:
      throw new Error(`the C peer says: ${kind} ${words.join(' ')}`);
  }
}
