import { decodeNodeIds, expectSize } from '../lists.ts';
import type { MessageReader } from '../message-reader.ts';
import { decodeRingId, type RingId } from '../ring-id.ts';

/** A change of membership, before quorum is known; in a snapshot nobody has joined or left. */
export interface QuorumNodelistNotification {
  readonly type: 'nodelist';
  readonly ringId: RingId;
  readonly members: readonly number[];
  /** A node that restarted faster than it was missed is in both lists. */
  readonly joined: readonly number[];
  readonly left: readonly number[];
}

/*
 * struct res_lib_quorum_v1_nodelist_notification (64 + 4 an entry of any list)
 *    0  struct qb_ipc_response_header  id v1NodelistNotification
 *   24  mar_quorum_ring_id_t  ring_id
 *   40  u32  member_list_entries
 *   48  u32  joined_list_entries
 *   56  u32  left_list_entries
 *   60  u32  member_list[], joined and left back to back; begins inside the struct: 4 bytes are left over at the end
 */
export function decodeNodelistNotification(event: MessageReader): QuorumNodelistNotification {
  const [members, joined, left] = [event.u32(40), event.u32(48), event.u32(56)];
  expectSize(event, 64 + 4 * (members + joined + left));
  return {
    type: 'nodelist',
    ringId: decodeRingId(event, 24),
    members: decodeNodeIds(event, 60, members),
    joined: decodeNodeIds(event, 60 + 4 * members, joined),
    left: decodeNodeIds(event, 60 + 4 * (members + joined), left),
  };
}
