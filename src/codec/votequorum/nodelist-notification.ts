import { decodeNodeIds, expectSize } from '../lists.ts';
import type { MessageReader } from '../message-reader.ts';
import { decodeRingId, type RingId } from '../ring-id.ts';

/** A change of membership, before quorum is known: corosync then waits for a live quorum device's poll with this ring id. */
export interface VotequorumNodelistNotification {
  readonly type: 'nodelist';
  /** The one of the request that began the tracking. */
  readonly context: bigint;
  readonly ringId: RingId;
  readonly members: readonly number[];
}

/*
 * struct res_lib_votequorum_nodelist_notification (56 + 4 a member)
 *    0  struct qb_ipc_response_header  id nodelistNotification
 *   24  u64  context
 *   32  struct mar_votequorum_ring_id  ring_id
 *   48  u32  node_list_entries
 *   56  u32  node_list[]
 */
export function decodeNodelistNotification(event: MessageReader): VotequorumNodelistNotification {
  const count = event.u32(48);
  expectSize(event, 56 + 4 * count);
  return {
    type: 'nodelist',
    context: event.u64(24),
    ringId: decodeRingId(event, 32),
    members: decodeNodeIds(event, 56, count),
  };
}
