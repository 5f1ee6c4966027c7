import { expectSize } from '../lists.ts';
import type { MessageReader } from '../message-reader.ts';
import type { CpgAddress } from './address.ts';
import { partOfMessage, type CpgPart } from './partial-mcast.ts';

/** A fragment of a message. Nothing of what it says of the message is to be relied upon: corosync does not check it. */
export interface CpgPartialDelivery extends CpgAddress {
  readonly part: CpgPart | number;
  /** Bytes of the whole message, the sender says: up to 2^32 - 1. */
  readonly messageLength: number;
  /** Bytes that `copyFragment` copies. */
  readonly fragmentLength: number;
}

/*
 * struct res_lib_cpg_partial_deliver_callback (200 + n)
 *    0  struct qb_ipc_response_header  id partialDeliverCallback; its error is whatever was in corosync's memory
 *   24  mar_cpg_name_t  group_name
 *  160  u32  msglen, of the whole message
 *  168  u32  fraglen
 *  176  u32  nodeid
 *  184  u32  pid
 *  192  u32  type
 *  200  u8   message[]
 */
const FIXED_SIZE = 200;

export function decodePartialDelivery(event: MessageReader): CpgPartialDelivery {
  const fragmentLength = event.u32(168);
  expectSize(event, FIXED_SIZE + fragmentLength);
  return {
    nodeId: event.u32(176),
    pid: event.u32(184),
    part: partOfMessage(event.u32(192)),
    messageLength: event.u32(160),
    fragmentLength,
  };
}

/**
 * Copies the bytes of a fragment that has been decoded to where its message is put together, at once: a fragment can have a
 * megabyte.
 * @throws RangeError they do not fit
 */
export function copyFragment(event: MessageReader, into: Uint8Array, at: number): void {
  event.copyTo(into, at, FIXED_SIZE, event.length - FIXED_SIZE);
}
