import { encodeRequestHeader } from '../header.ts';
import { malformed } from '../malformed.ts';
import type { MessageReader } from '../message-reader.ts';
import type { MessageWriter } from '../message-writer.ts';
import type { RequestMessage } from '../message.ts';
import { decodeAddresses, type CpgAddress } from './address.ts';
import { GroupName } from './group-name.ts';
import { CPG_REQUEST_ID, CPG_RESPONSE_ID } from './ids.ts';

/** PROCESSOR_COUNT_MAX */
const MAX_MEMBERS = 384;

/*
 * struct req_lib_cpg_membership_get (152)          struct res_lib_cpg_membership_get (9248)
 *    0  struct qb_ipc_request_header                  0  struct qb_ipc_response_header
 *   16  mar_cpg_name_t  group_name                   24  u32  member_count
 *                                                    32  mar_cpg_address_t  member_list[384]
 * DANGER: corosync aborts if the group has more than 384 members. An iteration over the group says the same, and has no limit.
 */
export class MembershipGetRequest implements RequestMessage<CpgAddress[]> {
  readonly operation = 'cpg_membership_get';
  readonly requestId = CPG_REQUEST_ID.membership;
  readonly responseId = CPG_RESPONSE_ID.membership;
  readonly size = 152;
  readonly maxResponseSize = 9248;
  readonly key: string;
  readonly #group: GroupName;

  constructor(group: string | Uint8Array) {
    this.#group = GroupName.toFind(this.operation, group);
    this.key = this.#group.text;
  }

  encode(into: MessageWriter): void {
    encodeRequestHeader(into, this);
    this.#group.encode(into, 16);
  }

  decode(response: MessageReader): CpgAddress[] {
    const count = response.u32(24);
    if (count > MAX_MEMBERS) throw malformed(`${count} members, where ${MAX_MEMBERS} are the most`);
    return decodeAddresses(response, 32, count);
  }
}
