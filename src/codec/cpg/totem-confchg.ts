import { decodeNodeIds, expectSize } from '../lists.ts';
import type { MessageReader } from '../message-reader.ts';
import { decodeRingId, type RingId } from '../ring-id.ts';

/** A membership of nodes: comes to every connection, whether it has joined a group or not. */
export interface CpgTotemConfchg {
  readonly ringId: RingId;
  readonly members: readonly number[];
}

/*
 * struct res_lib_cpg_totem_confchg_callback (48 + 4 a member)
 *    0  struct qb_ipc_response_header  id totemConfchgCallback
 *   24  mar_cpg_ring_id_t  ring_id
 *   40  u32  member_list_entries
 *   44  u32  member_list[], which begins inside the struct: 4 bytes are left over behind it
 */
export function decodeTotemConfchg(event: MessageReader): CpgTotemConfchg {
  const count = event.u32(40);
  expectSize(event, 48 + 4 * count);
  return { ringId: decodeRingId(event, 24), members: decodeNodeIds(event, 44, count) };
}
