import { encodeRequestHeader, RESPONSE_HEADER_SIZE } from '../header.ts';
import type { MessageWriter } from '../message-writer.ts';
import type { RequestMessage } from '../message.ts';
import { ADJUST_HINTS } from './hints.ts';
import { CMAP_REQUEST_ID, CMAP_RESPONSE_ID } from './ids.ts';
import { encodeName } from './name.ts';

/*
 * struct req_lib_cmap_adjust_int (288)             struct res_lib_cmap_adjust_int (24)
 *    0  struct qb_ipc_request_header                  0  struct qb_ipc_response_header
 *   16  mar_name_t  key_name
 *  280  i32  step
 */
export class AdjustIntRequest implements RequestMessage<void> {
  readonly operation: string;
  readonly requestId = CMAP_REQUEST_ID.adjustInt;
  readonly responseId = CMAP_RESPONSE_ID.adjustInt;
  readonly changes = true;
  readonly turn = 'change';
  readonly hints = ADJUST_HINTS;
  readonly size = 288;
  readonly maxResponseSize = RESPONSE_HEADER_SIZE;
  readonly key: string;
  readonly #step: number;

  constructor(operation: string, key: string, step: number) {
    this.operation = operation;
    this.key = key;
    this.#step = step;
  }

  encode(into: MessageWriter): void {
    encodeRequestHeader(into, this);
    encodeName(into, 16, this.key);
    into.i32(280, this.#step);
  }

  decode(): void {
    // The header has said it all.
  }
}
