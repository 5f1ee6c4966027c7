import { decodeBoolean } from '../boolean.ts';
import { decodeNodeIds, expectSize } from '../lists.ts';
import type { MessageReader } from '../message-reader.ts';

/** Quorum as a connection of model v0 is told of it. */
export interface QuorumV0Notification {
  readonly type: 'v0-quorum';
  readonly quorate: boolean;
  /** Of the membership's ring id; the node in it is not told. */
  readonly ringSeq: bigint;
  readonly members: readonly number[];
}

/*
 * struct res_lib_quorum_notification (48 + 4 a member)
 *    0  struct qb_ipc_response_header  id notification
 *   24  i32  quorate
 *   32  u64  ring_seq
 *   40  u32  view_list_entries
 *   44  u32  view_list[], which begins inside the struct: 4 bytes are left over behind it
 */
export function decodeV0Notification(event: MessageReader): QuorumV0Notification {
  const count = event.u32(40);
  expectSize(event, 48 + 4 * count);
  return {
    type: 'v0-quorum',
    quorate: decodeBoolean(event, 24),
    ringSeq: event.u64(32),
    members: decodeNodeIds(event, 44, count),
  };
}
