import { unencodable } from '../encodable.ts';
import { encodeRequestHeader } from '../header.ts';
import type { MessageWriter } from '../message-writer.ts';
import type { MessageTail, UnansweredMessage } from '../message.ts';
import { CPG_REQUEST_ID } from './ids.ts';
import { LocalGetRequest } from './local-get.ts';

/** What cpg_max_atomic_msgsize_get says: the most bytes of one mcast. Somewhat more, and the corosync of every node aborts. */
export const MAX_ATOMIC_MESSAGE = 1_047_552;

/** cpg_guarantee_t CPG_TYPE_AGREED; corosync does not look at it. */
export const AGREED = 2;

/** Bytes of the request beside the message. */
export const MCAST_FIXED_SIZE = 40;

/** It holds nothing of its own, so one will do for all. */
const BARRIER = new LocalGetRequest();

/*
 * struct req_lib_cpg_mcast (40 + n)
 *    0  struct qb_ipc_response_header, of which only the request header's fields are set
 *   24  u32  guarantee
 *   32  u32  msglen
 *   40  u8   message[]
 * corosync does not compare msglen with what was sent.
 */
export class McastRequest implements UnansweredMessage, MessageTail {
  readonly operation = 'cpg_mcast_joined';
  readonly requestId = CPG_REQUEST_ID.mcast;
  readonly answer = 'never';
  readonly barrier = BARRIER;
  readonly changes = true;
  readonly key: string;
  readonly size: number;
  readonly headSize = MCAST_FIXED_SIZE;
  readonly bytes: Uint8Array;

  /**
   * @param group of the connection, for errors
   * @param message is read when the request is sent: who may change it before gives a copy
   */
  constructor(group: string, message: Uint8Array) {
    checkMessage(this.operation, message);
    this.key = group;
    this.bytes = message;
    this.size = MCAST_FIXED_SIZE + message.length;
  }

  get tail(): MessageTail {
    return this;
  }

  encode(into: MessageWriter): void {
    this.encodeHead(into);
    copyMessage(into, MCAST_FIXED_SIZE, this.bytes, this.size - MCAST_FIXED_SIZE);
  }

  encodeHead(into: MessageWriter): void {
    encodeRequestHeader(into, this);
    into.u32(24, AGREED);
    into.u32(32, this.size - MCAST_FIXED_SIZE);
  }
}

/** @throws CsError CS_ERR_INVALID_PARAM */
export function checkMessage(operation: string, message: Uint8Array): void {
  if (message.length > MAX_ATOMIC_MESSAGE)
    throw unencodable(operation, `${message.length} bytes at once, more than ${MAX_ATOMIC_MESSAGE}`);
}

/** Never more than the request has room for, although an ArrayBuffer may have been resized meanwhile. */
export function copyMessage(into: MessageWriter, offset: number, message: Uint8Array, room: number): void {
  into.copy(offset, message.length > room ? message.subarray(0, room) : message);
}
