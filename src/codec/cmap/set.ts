import { encodeRequestHeader, RESPONSE_HEADER_SIZE } from '../header.ts';
import type { MessageWriter } from '../message-writer.ts';
import type { RequestMessage } from '../message.ts';
import { WRITE_HINTS } from './hints.ts';
import { CMAP_REQUEST_ID, CMAP_RESPONSE_ID } from './ids.ts';
import { encodeName } from './name.ts';
import { encodedValueLength, encodeValue, VALUE_TYPE_CODES, type CmapValue } from './value.ts';

/*
 * struct req_lib_cmap_set (296 + value)            struct res_lib_cmap_set (24)
 *    0  struct qb_ipc_request_header                  0  struct qb_ipc_response_header
 *   16  mar_name_t  key_name
 *  280  u64  value_len
 *  288  u8   type
 *  296  u8   value[]
 */
const FIXED_SIZE = 296;

/** Bytes of a set request around its value. */
export const SET_OVERHEAD = FIXED_SIZE;

export class SetRequest implements RequestMessage<void> {
  readonly operation = 'cmap_set';
  readonly requestId = CMAP_REQUEST_ID.set;
  readonly responseId = CMAP_RESPONSE_ID.set;
  readonly changes = true;
  readonly turn = 'change';
  readonly hints = WRITE_HINTS;
  readonly maxResponseSize = RESPONSE_HEADER_SIZE;
  readonly key: string;
  readonly size: number;
  readonly #value: Exclude<CmapValue, { type: 'unknown' }>;

  constructor(key: string, value: Exclude<CmapValue, { type: 'unknown' }>) {
    this.key = key;
    this.#value = value;
    this.size = FIXED_SIZE + encodedValueLength(value);
  }

  encode(into: MessageWriter): void {
    encodeRequestHeader(into, this);
    encodeName(into, 16, this.key);
    into.size(280, this.size - FIXED_SIZE);
    into.u8(288, VALUE_TYPE_CODES[this.#value.type]);
    encodeValue(into, FIXED_SIZE, this.#value);
  }

  decode(): void {
    // The header has said it all.
  }
}
