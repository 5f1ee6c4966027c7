import { encodeRequestHeader, RESPONSE_HEADER_SIZE } from '../header.ts';
import type { MessageWriter } from '../message-writer.ts';
import type { RequestMessage } from '../message.ts';
import { WRITE_HINTS } from './hints.ts';
import { CMAP_REQUEST_ID, CMAP_RESPONSE_ID } from './ids.ts';
import { encodeName } from './name.ts';

/*
 * struct req_lib_cmap_delete (280)                 struct res_lib_cmap_delete (24)
 *    0  struct qb_ipc_request_header                  0  struct qb_ipc_response_header
 *   16  mar_name_t  key_name
 */
export class DeleteRequest implements RequestMessage<void> {
  readonly operation = 'cmap_delete';
  readonly requestId = CMAP_REQUEST_ID.delete;
  readonly responseId = CMAP_RESPONSE_ID.delete;
  readonly changes = true;
  readonly turn = 'change';
  readonly hints = WRITE_HINTS;
  readonly size = 280;
  readonly maxResponseSize = RESPONSE_HEADER_SIZE;
  readonly key: string;

  constructor(key: string) {
    this.key = key;
  }

  encode(into: MessageWriter): void {
    encodeRequestHeader(into, this);
    encodeName(into, 16, this.key);
  }

  decode(): void {
    // The header has said it all.
  }
}
