import { message, type Message } from './message.ts';

/** The ring id's sequence number is decimal digits in text, because JSON has no 64-bit integers. */
export interface RingIdFields {
  readonly nodeId: number;
  readonly seq: string;
}

/** mar_quorum_ring_id_t, struct mar_votequorum_ring_id, mar_cpg_ring_id_t */
export function ringId({ nodeId, seq }: RingIdFields): Message {
  return message().u32(nodeId).pad(4).at(8).u64(BigInt(seq)).at(16);
}

export function nodeIds(ids: readonly number[]): Message {
  return ids.reduce((list, id) => list.u32(id), message());
}
