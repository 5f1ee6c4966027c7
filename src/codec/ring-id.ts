import { u32Field, u64Field } from './encodable.ts';
import type { MessageReader } from './message-reader.ts';
import type { MessageWriter } from './message-writer.ts';

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

/** @throws CsError CS_ERR_INVALID_PARAM: a number that does not fit its field */
export function ringIdField(operation: string, { nodeId, seq }: RingId): RingId {
  return {
    nodeId: u32Field(operation, 'the ring id’s node', nodeId),
    seq: u64Field(operation, 'the ring id’s sequence number', seq),
  };
}

export function encodeRingId(into: MessageWriter, offset: number, { nodeId, seq }: RingId): void {
  into.u32(offset, nodeId);
  into.u64(offset + 8, seq);
}
