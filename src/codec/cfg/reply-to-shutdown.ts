import { encodeRequestHeader, RESPONSE_HEADER_SIZE } from '../header.ts';
import type { MessageWriter } from '../message-writer.ts';
import type { RequestMessage } from '../message.ts';
import { CFG_REQUEST_ID, CFG_RESPONSE_ID } from './ids.ts';

/*
 * struct req_lib_cfg_replytoshutdown (24)          struct res_lib_cfg_replytoshutdown (24)
 *    0  struct qb_ipc_request_header
 *   16  u32  response: COROSYNC_CFG_SHUTDOWN_FLAG_NO 0, _YES 1
 * corosync counts replies and does not look at who sends them.
 */
export class ReplyToShutdownRequest implements RequestMessage<void> {
  readonly operation = 'corosync_cfg_replyto_shutdown';
  readonly requestId = CFG_REQUEST_ID.replyToShutdown;
  readonly responseId = CFG_RESPONSE_ID.replyToShutdown;
  readonly changes = true;
  readonly hints = { CS_ERR_ACCESS: 'no shutdown is under way' } as const;
  readonly size = 24;
  readonly maxResponseSize = RESPONSE_HEADER_SIZE;
  readonly #agreed: boolean;

  constructor(agreed: boolean) {
    this.#agreed = agreed;
  }

  encode(into: MessageWriter): void {
    encodeRequestHeader(into, this);
    into.u32(16, this.#agreed ? 1 : 0);
  }

  decode(): void {
    // The header has said it all.
  }
}
