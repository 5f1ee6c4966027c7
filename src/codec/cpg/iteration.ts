import { CS_ERROR_CODES } from '../../errors/index.ts';
import { u64Field } from '../encodable.ts';
import { encodeRequestHeader, RESPONSE_HEADER_SIZE } from '../header.ts';
import type { MessageReader } from '../message-reader.ts';
import type { MessageWriter } from '../message-writer.ts';
import type { RequestMessage } from '../message.ts';
import type { CpgAddress } from './address.ts';
import { decodeGroup, GroupName, type CpgGroupName } from './group-name.ts';
import { ITERATION_HINTS } from './hints.ts';
import { CPG_REQUEST_ID, CPG_RESPONSE_ID } from './ids.ts';

/** What an iteration is over: the names of all groups, the members of one, or the members of all. */
export type CpgIterationScope =
  | { readonly type: 'names' }
  | { readonly type: 'group'; readonly group: string | Uint8Array }
  | { readonly type: 'all' };

/** cpg_iteration_type_t */
const TYPE_CODES: Readonly<Record<CpgIterationScope['type'], number>> = { names: 1, group: 2, all: 3 };

/*
 * struct req_lib_cpg_iterationinitialize (160)     struct res_lib_cpg_iterationinitialize (32)
 *    0  struct qb_ipc_request_header                  0  struct qb_ipc_response_header
 *   16  mar_cpg_name_t  group_name                   24  u64  iteration_handle
 *  152  u32  iteration_type
 * corosync copies all that there is for the iteration, and keeps it until the iteration or the connection ends.
 */
export class IterationInitializeRequest implements RequestMessage<bigint> {
  readonly operation = 'cpg_iteration_initialize';
  readonly requestId = CPG_REQUEST_ID.iterationInitialize;
  readonly responseId = CPG_RESPONSE_ID.iterationInitialize;
  readonly size = 160;
  readonly maxResponseSize = 32;
  readonly key?: string;
  readonly #type: number;
  readonly #group: GroupName | undefined;

  constructor(scope: CpgIterationScope) {
    this.#type = TYPE_CODES[scope.type];
    if (scope.type !== 'group') return;
    this.#group = GroupName.toFind(this.operation, scope.group);
    this.key = this.#group.text;
  }

  encode(into: MessageWriter): void {
    encodeRequestHeader(into, this);
    this.#group?.encode(into, 16);
    into.u32(152, this.#type);
  }

  decode(response: MessageReader): bigint {
    return response.u64(24);
  }
}

/** A member and its group; of an iteration over names, the node and the pid are 0. */
export type CpgIterationItem = CpgGroupName & CpgAddress;

/*
 * struct req_lib_cpg_iterationnext (24)            struct res_lib_cpg_iterationnext (168)
 *    0  struct qb_ipc_request_header                  0  struct qb_ipc_response_header
 *   16  u64  iteration_handle                        24  mar_cpg_iteration_description_t  description:
 *                                                    24  mar_cpg_name_t  group
 *                                                   160  u32  nodeid
 *                                                   164  u32  pid
 * Past the end the answer is CS_ERR_NO_SECTIONS, once: the next one is the first item again.
 */
export class IterationNextRequest implements RequestMessage<CpgIterationItem | undefined> {
  readonly operation = 'cpg_iteration_next';
  readonly requestId = CPG_REQUEST_ID.iterationNext;
  readonly responseId = CPG_RESPONSE_ID.iterationNext;
  readonly hints = ITERATION_HINTS;
  readonly size = 24;
  readonly maxResponseSize = 168;
  readonly expectedErrors = [CS_ERROR_CODES.CS_ERR_NO_SECTIONS] as const;
  readonly #handle: bigint;

  constructor(handle: bigint) {
    this.#handle = u64Field(this.operation, 'handle', handle);
  }

  encode(into: MessageWriter): void {
    encodeRequestHeader(into, this);
    into.u64(16, this.#handle);
  }

  decode(response: MessageReader, csError: number): CpgIterationItem | undefined {
    if (csError !== CS_ERROR_CODES.CS_OK) return undefined;
    return { ...decodeGroup(response, 24), nodeId: response.u32(160), pid: response.u32(164) };
  }
}

/*
 * struct req_lib_cpg_iterationfinalize (24)        struct res_lib_cpg_iterationfinalize (24)
 *    0  struct qb_ipc_request_header
 *   16  u64  iteration_handle
 */
export class IterationFinalizeRequest implements RequestMessage<void> {
  readonly operation = 'cpg_iteration_finalize';
  readonly requestId = CPG_REQUEST_ID.iterationFinalize;
  readonly responseId = CPG_RESPONSE_ID.iterationFinalize;
  readonly hints = ITERATION_HINTS;
  readonly size = 24;
  readonly maxResponseSize = RESPONSE_HEADER_SIZE;
  readonly #handle: bigint;

  constructor(handle: bigint) {
    this.#handle = u64Field(this.operation, 'handle', handle);
  }

  encode(into: MessageWriter): void {
    encodeRequestHeader(into, this);
    into.u64(16, this.#handle);
  }

  decode(): void {
    // The header has said it all.
  }
}
