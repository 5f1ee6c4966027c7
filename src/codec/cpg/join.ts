import { u32Field } from '../encodable.ts';
import { encodeRequestHeader, RESPONSE_HEADER_SIZE } from '../header.ts';
import type { MessageWriter } from '../message-writer.ts';
import type { RequestMessage } from '../message.ts';
import { GroupName } from './group-name.ts';
import { JOIN_HINTS } from './hints.ts';
import { CPG_REQUEST_ID, CPG_RESPONSE_ID } from './ids.ts';

/** CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF */
const INITIAL_TOTEM_VIEW = 1;

/*
 * struct req_lib_cpg_join (168)                    struct res_lib_cpg_join (24)
 *    0  struct qb_ipc_request_header
 *   16  mar_cpg_name_t  group_name
 *  152  u32  pid
 *  160  u32  flags
 * Answered before it has happened: the joining is complete with the confchg event that has us in its joined list.
 */
export class JoinRequest implements RequestMessage<void> {
  readonly operation = 'cpg_join';
  readonly requestId = CPG_REQUEST_ID.join;
  readonly responseId = CPG_RESPONSE_ID.join;
  readonly changes = true;
  readonly hints = JOIN_HINTS;
  readonly size = 168;
  readonly maxResponseSize = RESPONSE_HEADER_SIZE;
  readonly key: string;
  readonly #group: GroupName;
  readonly #pid: number;
  readonly #flags: number;

  /** @param initialTotemView whether a totem event says right after the joining which nodes there are */
  constructor(group: string | Uint8Array, pid: number, initialTotemView: boolean) {
    this.#group = GroupName.toJoin(this.operation, group);
    this.#pid = u32Field(this.operation, 'pid', pid);
    this.#flags = initialTotemView ? INITIAL_TOTEM_VIEW : 0;
    this.key = this.#group.text;
  }

  encode(into: MessageWriter): void {
    encodeRequestHeader(into, this);
    this.#group.encode(into, 16);
    into.u32(152, this.#pid);
    into.u32(160, this.#flags);
  }

  decode(): void {
    // The header has said it all.
  }
}
