import { waitUntil } from '../wait-until.ts';
import { fromHex, parseIds, PeerProcess, toHex, type PeerOptions, type PeerRingId } from './peer-process.ts';

export interface CpgPeerAddress {
  readonly nodeId: number;
  readonly pid: number;
  readonly reason: number;
}

/** What libcpg called back with, in the order in which it did. */
export type CpgPeerEvent =
  | {
      readonly type: 'deliver';
      readonly group: Buffer;
      readonly nodeId: number;
      readonly pid: number;
      readonly message: Buffer;
      /** In place of a message that is too long: its FNV-1a hash, `*`, its length. */
      readonly digest?: string;
    }
  | {
      readonly type: 'confchg';
      readonly group: Buffer;
      readonly members: CpgPeerAddress[];
      readonly left: CpgPeerAddress[];
      readonly joined: CpgPeerAddress[];
    }
  | { readonly type: 'totem'; readonly ringId: PeerRingId; readonly members: number[] };

/** cpg_iteration_type_t */
export const CPG_ITERATION = { names: 1, group: 2, all: 3 } as const;

/** The C reference client on libcpg (test/c/cpg-peer.c). libcpg joins with the pid of its process. */
export class CpgPeer extends PeerProcess {
  readonly events: CpgPeerEvent[];

  constructor(options: PeerOptions = {}) {
    const events: CpgPeerEvent[] = [];
    super('cpg-peer', options, (kind, words) => void events.push(parseEvent(kind, words)));
    this.events = events;
  }

  /**
   * cpg_model_initialize with these flags: 1 wants the nodes right after joining. `'old'` is cpg_initialize.
   * The errno is libqb's, and counts only if the code is not 1.
   */
  async connect(flags: number | 'old' = 0): Promise<{ code: number; errno: number }> {
    const [code, errno] = await this.call(`connect ${flags === 'old' ? -1 : flags}`);
    return { code: Number(code), errno: Number(errno) };
  }

  join(group: string | Uint8Array): Promise<number> {
    return this.code(`join ${toHex(group)}`);
  }

  leave(group: string | Uint8Array): Promise<number> {
    return this.code(`leave ${toHex(group)}`);
  }

  /** cpg_mcast_joined; the guarantee is CPG_TYPE_AGREED where none is given. */
  mcast(message: string | Uint8Array, guarantee = 2): Promise<number> {
    return this.code(`mcast ${guarantee} ${toHex(message)}`);
  }

  /** A message of that many equal bytes: longer ones than a command has room for. */
  mcastFill(length: number, byte: number): Promise<number> {
    return this.code(`mcast_fill ${length} ${byte}`);
  }

  /** Sends as many such messages, each as soon as there is room for it. */
  mcastMany(count: number, length: number, byte: number): Promise<number> {
    return this.code(`mcast_many ${count} ${length} ${byte}`);
  }

  /** A message of that many bytes, each of which tells where it belongs. */
  mcastPattern(length: number, seed: number): Promise<number> {
    return this.code(`mcast_pattern ${length} ${seed}`);
  }

  async membership(group: string | Uint8Array): Promise<{ code: number; members: CpgPeerAddress[] }> {
    const [code, members] = await this.call(`membership ${toHex(group)}`);
    return { code: Number(code), members: parseAddresses(members) };
  }

  async localNodeId(): Promise<{ code: number; nodeId: number }> {
    const [code, nodeId] = await this.call('local');
    return { code: Number(code), nodeId: Number(nodeId) };
  }

  /** The handle is libcpg's, not corosync's. */
  async iterInit(type: number, group: string | Uint8Array | null): Promise<{ code: number; handle: bigint }> {
    const [code, handle] = await this.call(`iter_init ${type} ${toHex(group)}`);
    return { code: Number(code), handle: BigInt(handle ?? 0) };
  }

  async iterNext(handle: bigint): Promise<{ code: number; group: Buffer; nodeId: number; pid: number }> {
    const [code, group, nodeId, pid] = await this.call(`iter_next ${handle}`);
    return { code: Number(code), group: fromHex(group), nodeId: Number(nodeId), pid: Number(pid) };
  }

  iterFinalize(handle: bigint): Promise<number> {
    return this.code(`iter_finalize ${handle}`);
  }

  finalize(): Promise<number> {
    return this.code('finalize');
  }

  /** Waits until that many events have come since the start, and returns all that are there. */
  async notified(count: number): Promise<readonly CpgPeerEvent[]> {
    await waitUntil(`${count} events`, () => this.events.length >= count, { everyMs: 5 });
    return this.events;
  }
}

function parseEvent(kind: string, words: string[]): CpgPeerEvent {
  const [first, second, third, fourth] = words;
  switch (kind) {
    case 'deliver': {
      const sender = { nodeId: Number(second), pid: Number(third) };
      const event = { type: 'deliver', group: fromHex(first), ...sender } as const;
      if (fourth?.startsWith('#') === true)
        return { ...event, message: Buffer.alloc(0), digest: fourth.slice(1) };
      return { ...event, message: parseMessage(fourth) };
    }
    case 'confchg':
      return {
        type: 'confchg',
        group: fromHex(first),
        members: parseAddresses(second),
        left: parseAddresses(third),
        joined: parseAddresses(fourth),
      };
    case 'totem': {
      const ringId = { nodeId: Number(first), seq: second ?? '' };
      return { type: 'totem', ringId, members: parseIds(third) };
    }
    default:
      throw new Error(`the C peer says: ${kind} ${words.join(' ')}`);
  }
}

/** In hex, or as in `65*1000`. */
function parseMessage(word = '-'): Buffer {
  const [byte, length] = word.split('*');
  return length === undefined ? fromHex(word) : Buffer.alloc(Number(length), Number(byte));
}

/** As in `1:4711:0`, joined by commas; `-` is none. */
function parseAddresses(word = '-'): CpgPeerAddress[] {
  if (word === '-') return [];
  return word.split(',').map((address) => {
    const [nodeId, pid, reason] = address.split(':');
    return { nodeId: Number(nodeId), pid: Number(pid), reason: Number(reason) };
  });
}
