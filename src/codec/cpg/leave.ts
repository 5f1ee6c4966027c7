import { u32Field } from '../encodable.ts';
import { encodeRequestHeader, RESPONSE_HEADER_SIZE } from '../header.ts';
import type { MessageWriter } from '../message-writer.ts';
import type { RequestMessage } from '../message.ts';
import { GroupName } from './group-name.ts';
import { LEAVE_HINTS } from './hints.ts';
import { CPG_REQUEST_ID, CPG_RESPONSE_ID } from './ids.ts';

/*
 * struct req_lib_cpg_leave (160)                   struct res_lib_cpg_leave (24)
 *    0  struct qb_ipc_request_header
 *   16  mar_cpg_name_t  group_name
 *  152  u32  pid
 * corosync does not check that name and pid are those that this connection has joined with. With others it reports another process
 * as left, or leaves a member behind for ever.
 */
export class LeaveRequest implements RequestMessage<void> {
  readonly operation = 'cpg_leave';
  readonly requestId = CPG_REQUEST_ID.leave;
  readonly responseId = CPG_RESPONSE_ID.leave;
  readonly changes = true;
  readonly hints = LEAVE_HINTS;
  readonly size = 160;
  readonly maxResponseSize = RESPONSE_HEADER_SIZE;
  readonly key: string;
  readonly #group: GroupName;
  readonly #pid: number;

  constructor(group: string | Uint8Array, pid: number) {
    this.#group = GroupName.toJoin(this.operation, group);
    this.#pid = u32Field(this.operation, 'pid', pid);
    this.key = this.#group.text;
  }

  encode(into: MessageWriter): void {
    encodeRequestHeader(into, this);
    this.#group.encode(into, 16);
    into.u32(152, this.#pid);
  }

  decode(): void {
    // The header has said it all.
  }
}
