import { decodeBoolean } from '../boolean.ts';
import { decodeNodeIds, expectSize } from '../lists.ts';
import type { MessageReader } from '../message-reader.ts';
import { decodeRingId, type RingId } from '../ring-id.ts';

/** Comes after every change of membership, and alone when votes have changed quorum; the ring is then the one before. */
export interface QuorumNotification {
  readonly type: 'quorum';
  readonly quorate: boolean;
  readonly ringId: RingId;
  readonly members: readonly number[];
}

/*
 * struct res_lib_quorum_v1_quorum_notification (56 + 4 a member)
 *    0  struct qb_ipc_response_header  id v1QuorumNotification
 *   24  i32  quorate
 *   32  mar_quorum_ring_id_t  ring_id
 *   48  u32  view_list_entries
 *   52  u32  view_list[], which begins inside the struct: 4 bytes are left over behind it
 */
export function decodeQuorumNotification(event: MessageReader): QuorumNotification {
  const count = event.u32(48);
  expectSize(event, 56 + 4 * count);
  return {
    type: 'quorum',
    quorate: decodeBoolean(event, 24),
    ringId: decodeRingId(event, 32),
    members: decodeNodeIds(event, 52, count),
  };
}
