import type { MessageReader } from './message-reader.ts';

/** Names one membership of the cluster: a new one is formed whenever a node joins or leaves. */
export interface RingId {
  /** The node that represents the membership. */
  readonly nodeId: number;
  /** Grows with each membership. */
  readonly seq: bigint;
}

/*
 * mar_quorum_ring_id_t, struct mar_votequorum_ring_id, mar_cpg_ring_id_t (16)
 *    0  u32  nodeid
 *    8  u64  seq
 */
export function decodeRingId(from: MessageReader, offset: number): RingId {
  return { nodeId: from.u32(offset), seq: from.u64(offset + 8) };
}
