import { encodeRequestHeader } from '../header.ts';
import type { MessageReader } from '../message-reader.ts';
import type { MessageWriter } from '../message-writer.ts';
import type { RequestMessage } from '../message.ts';
import { CFG_REQUEST_ID, CFG_RESPONSE_ID } from './ids.ts';

/*
 * struct req_lib_cfg_local_get (16)                struct res_lib_cfg_local_get (32)
 *    0  struct qb_ipc_request_header                  0  struct qb_ipc_response_header
 *                                                    24  u32  local_nodeid
 */
export class LocalGetRequest implements RequestMessage<number> {
  readonly operation = 'corosync_cfg_local_get';
  readonly requestId = CFG_REQUEST_ID.localGet;
  readonly responseId = CFG_RESPONSE_ID.localGet;
  readonly size = 16;
  readonly maxResponseSize = 32;

  encode(into: MessageWriter): void {
    encodeRequestHeader(into, this);
  }

  decode(response: MessageReader): number {
    return response.u32(24);
  }
}
