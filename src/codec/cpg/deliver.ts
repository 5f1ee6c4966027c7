import { expectSize } from '../lists.ts';
import type { MessageReader } from '../message-reader.ts';
import type { CpgAddress } from './address.ts';

/** A message to the group, our own ones too. */
export interface CpgDelivery extends CpgAddress {
  /** Bytes of its own; the ArrayBuffer behind them may hold more. */
  readonly message: Uint8Array;
}

/*
 * struct res_lib_cpg_deliver_callback (184 + n)
 *    0  struct qb_ipc_response_header  id deliverCallback; its error is whatever was in corosync's memory
 *   24  mar_cpg_name_t  group_name
 *  160  u32  msglen
 *  168  u32  nodeid
 *  176  u32  pid
 *  184  u8   message[]
 * The group's name is not read: a connection has one group.
 */
export function decodeDelivery(event: MessageReader): CpgDelivery {
  const length = event.u32(160);
  expectSize(event, 184 + length);
  return { nodeId: event.u32(168), pid: event.u32(176), message: event.take(184, length) };
}
