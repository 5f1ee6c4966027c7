import { decodeBoolean } from '../boolean.ts';
import { encodeRequestHeader } from '../header.ts';
import type { MessageReader } from '../message-reader.ts';
import type { MessageWriter } from '../message-writer.ts';
import type { RequestMessage } from '../message.ts';
import { QUORUM_REQUEST_ID, QUORUM_RESPONSE_ID } from './ids.ts';

/*
 * struct qb_ipc_request_header (16)                struct res_lib_quorum_getquorate (32)
 *                                                     0  struct qb_ipc_response_header
 *                                                    24  u32  quorate
 * Without a provider of quorum the answer is always 1.
 */
export class GetQuorateRequest implements RequestMessage<boolean> {
  readonly operation = 'quorum_getquorate';
  readonly requestId = QUORUM_REQUEST_ID.getQuorate;
  readonly responseId = QUORUM_RESPONSE_ID.getQuorate;
  readonly size = 16;
  readonly maxResponseSize = 32;

  encode(into: MessageWriter): void {
    encodeRequestHeader(into, this);
  }

  decode(response: MessageReader): boolean {
    return decodeBoolean(response, 24);
  }
}
