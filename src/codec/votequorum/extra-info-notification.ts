import { expectSize } from '../lists.ts';
import type { MessageReader } from '../message-reader.ts';

/** A node's quorum device has said something about it, or (with no bytes) has taken it back. */
export interface VotequorumExtraInfoNotification {
  readonly type: 'extra-info';
  /** The one of the request that began the tracking. */
  readonly context: bigint;
  readonly nodeId: number;
  readonly info: Uint8Array;
}

/*
 * struct res_lib_votequorum_qdevice_extra_info_notification (48 + n), of corosync's main branch
 *    0  struct qb_ipc_response_header  id qdeviceExtraInfoNotification
 *   24  u64  context
 *   32  u32  nodeid
 *   40  u32  ei_size
 *   48  char extra_info[]
 */
export function decodeExtraInfoNotification(event: MessageReader): VotequorumExtraInfoNotification {
  const size = event.u32(40);
  expectSize(event, 48 + size);
  return {
    type: 'extra-info',
    context: event.u64(24),
    nodeId: event.u32(32),
    info: event.copy(48, size),
  };
}
