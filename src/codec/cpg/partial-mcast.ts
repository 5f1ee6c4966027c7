import { u32Field, unencodable } from '../encodable.ts';
import { encodeRequestHeader, RESPONSE_HEADER_SIZE } from '../header.ts';
import type { MessageWriter } from '../message-writer.ts';
import type { MessageTail, RequestMessage } from '../message.ts';
import { FRAGMENT_HINTS } from './hints.ts';
import { CPG_REQUEST_ID, CPG_RESPONSE_ID } from './ids.ts';
import { AGREED, checkMessage, copyMessage } from './mcast.ts';

/** Which part of a message a fragment is. A message of one fragment is none: it is sent whole. */
export type CpgPart = 'first' | 'continued' | 'last';

/** enum lib_cpg_partial_types */
const PART_CODES: Readonly<Record<CpgPart, number>> = { first: 1, continued: 2, last: 3 };
const PARTS: readonly (CpgPart | number)[] = [0, 'first', 'continued', 'last'];

/** A number is one that corosync does not define: senders can send any. */
export function partOfMessage(code: number): CpgPart | number {
  return PARTS[code] ?? code;
}

/** The number of a part. */
export function partCode(part: CpgPart | number): number {
  return typeof part === 'number' ? part : PART_CODES[part];
}

/** Bytes of the request beside the fragment. */
export const FRAGMENT_FIXED_SIZE = 56;

export interface Fragment {
  readonly part: CpgPart;
  /** Bytes of the whole message. */
  readonly messageLength: number;
  /** Is read when the request is sent: who may change it before gives a copy. */
  readonly bytes: Uint8Array;
}

/*
 * struct req_lib_cpg_partial_mcast (56 + n)        struct res_lib_cpg_partial_send (24)
 *    0  struct qb_ipc_response_header, of which only the request header's fields are set
 *   24  u32  guarantee
 *   32  u32  msglen, of the whole message
 *   40  u32  fraglen
 *   48  u32  type
 *   56  u8   message[]
 * CS_ERR_INTERRUPT answers this and every further fragment until the next first one. corosync does not compare lengths with what
 * was sent, nor does it check that the parts make a message: the receivers do, or crash.
 */
export class PartialMcastRequest implements RequestMessage<void>, MessageTail {
  readonly operation = 'cpg_mcast_joined';
  readonly requestId = CPG_REQUEST_ID.partialMcast;
  readonly responseId = CPG_RESPONSE_ID.partialSend;
  readonly changes = true;
  readonly hints = FRAGMENT_HINTS;
  readonly maxResponseSize = RESPONSE_HEADER_SIZE;
  readonly headSize = FRAGMENT_FIXED_SIZE;
  readonly key: string;
  readonly size: number;
  readonly #fragment: Fragment;

  /** @param group of the connection, for errors */
  constructor(group: string, fragment: Fragment) {
    const { bytes, messageLength } = fragment;
    checkMessage(this.operation, bytes);
    if (u32Field(this.operation, 'message length', messageLength) < bytes.length)
      throw unencodable(this.operation, `${bytes.length} bytes of a message of ${messageLength}`);
    this.key = group;
    this.#fragment = fragment;
    this.size = FRAGMENT_FIXED_SIZE + bytes.length;
  }

  get bytes(): Uint8Array {
    return this.#fragment.bytes;
  }

  get tail(): MessageTail {
    return this;
  }

  encode(into: MessageWriter): void {
    this.encodeHead(into);
    copyMessage(into, FRAGMENT_FIXED_SIZE, this.bytes, this.size - FRAGMENT_FIXED_SIZE);
  }

  encodeHead(into: MessageWriter): void {
    const { part, messageLength } = this.#fragment;
    encodeRequestHeader(into, this);
    into.u32(24, AGREED);
    into.u32(32, messageLength);
    into.u32(40, this.size - FRAGMENT_FIXED_SIZE);
    into.u32(48, partCode(part));
  }

  decode(): void {
    // The header has said it all.
  }
}
