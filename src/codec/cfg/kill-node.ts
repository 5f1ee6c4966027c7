import { textField, u32Field } from '../encodable.ts';
import { encodeRequestHeader, RESPONSE_HEADER_SIZE } from '../header.ts';
import type { MessageWriter } from '../message-writer.ts';
import type { RequestMessage } from '../message.ts';
import { CFG_REQUEST_ID, CFG_RESPONSE_ID } from './ids.ts';

/** CS_MAX_NAME_LENGTH, with the NUL. */
const REASON_SIZE = 256;

/** The most bytes a reason can have. */
const MAX_KILL_REASON = REASON_SIZE - 1;

/*
 * struct req_lib_cfg_killnode (288)                struct res_lib_cfg_killnode (24)
 *    0  struct qb_ipc_request_header
 *   16  u32  nodeid
 *   24  cs_name_t  reason:
 *   24  u16  length, the NUL included
 *   26  u8   value[256]
 * Answered when the order has been sent to all nodes. The node exits at once.
 */
export class KillNodeRequest implements RequestMessage<void> {
  readonly operation = 'corosync_cfg_kill_node';
  readonly requestId = CFG_REQUEST_ID.killNode;
  readonly responseId = CFG_RESPONSE_ID.killNode;
  readonly changes = true;
  readonly hints = { CS_ERR_NOT_EXIST: 'no node of this id is a member of the cluster now' } as const;
  readonly size = 288;
  readonly maxResponseSize = RESPONSE_HEADER_SIZE;
  readonly #nodeId: number;
  readonly #reason: Uint8Array;

  constructor(nodeId: number, reason: string) {
    this.#nodeId = u32Field(this.operation, 'node id', nodeId);
    this.#reason = textField(this.operation, 'the reason', reason, 0, MAX_KILL_REASON);
  }

  get key(): string {
    return `node ${this.#nodeId}`;
  }

  encode(into: MessageWriter): void {
    encodeRequestHeader(into, this);
    into.u32(16, this.#nodeId);
    into.u16(24, this.#reason.length + 1);
    into.copy(26, this.#reason);
  }

  decode(): void {
    // The header has said it all.
  }
}
