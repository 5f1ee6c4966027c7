import { u32Field, unencodable } from '../encodable.ts';
import { encodeRequestHeader, RESPONSE_HEADER_SIZE } from '../header.ts';
import { expectSize } from '../lists.ts';
import type { MessageReader } from '../message-reader.ts';
import type { MessageWriter } from '../message-writer.ts';
import type { RequestMessage } from '../message.ts';
import { EXTRA_INFO_HINTS } from './hints.ts';
import { VOTEQUORUM_REQUEST_ID, VOTEQUORUM_RESPONSE_ID } from './ids.ts';

/** VOTEQUORUM_QDEVICE_EXTRA_NODEINFO_MAXSIZE, in bytes. */
const MAX_EXTRA_INFO = 4096;

/*
 * struct req_lib_votequorum_set_qdevice_extra_info (24 + n)  struct res_lib_votequorum_status (24)
 *    0  struct qb_ipc_request_header
 *   16  u32  ei_size, 0: there is none any more
 *   20  char extra_info[], which begins inside the struct: 4 bytes are left over behind it
 * corosync does not compare ei_size with what was sent. Before its main branch it does not know this request.
 */
export class QdeviceSetExtraInfoRequest implements RequestMessage<void> {
  readonly operation = 'votequorum_set_qdevice_extra_info';
  readonly requestId = VOTEQUORUM_REQUEST_ID.qdeviceSetExtraInfo;
  readonly responseId = VOTEQUORUM_RESPONSE_ID.status;
  readonly changes = true;
  readonly hints = EXTRA_INFO_HINTS;
  readonly maxResponseSize = RESPONSE_HEADER_SIZE;
  readonly size: number;
  readonly #info: Uint8Array;

  constructor(info: Uint8Array) {
    if (info.length > MAX_EXTRA_INFO)
      throw unencodable(this.operation, `extra info has ${info.length} bytes, more than ${MAX_EXTRA_INFO}`);
    this.#info = Uint8Array.from(info);
    this.size = 24 + info.length;
  }

  encode(into: MessageWriter): void {
    encodeRequestHeader(into, this);
    into.u32(16, this.#info.length);
    into.copy(20, this.#info);
  }

  decode(): void {
    // The header has said it all.
  }
}

/*
 * struct req_lib_votequorum_get_qdevice_extra_info (24)  struct res_lib_votequorum_get_qdevice_extra_info (32 + n)
 *    0  struct qb_ipc_request_header                        0  struct qb_ipc_response_header
 *   16  i32  nodeid                                        24  u32  ei_size
 *                                                          28  char extra_info[], which begins inside the struct
 * Before its main branch corosync does not know this request.
 */
export class QdeviceGetExtraInfoRequest implements RequestMessage<Uint8Array> {
  readonly operation = 'votequorum_get_qdevice_extra_info';
  readonly requestId = VOTEQUORUM_REQUEST_ID.qdeviceGetExtraInfo;
  readonly responseId = VOTEQUORUM_RESPONSE_ID.qdeviceGetExtraInfo;
  readonly hints = EXTRA_INFO_HINTS;
  readonly size = 24;
  readonly maxResponseSize = 32 + MAX_EXTRA_INFO;
  readonly #nodeId: number;

  constructor(nodeId: number) {
    this.#nodeId = u32Field(this.operation, 'node id', nodeId);
  }

  get key(): string {
    return `node ${this.#nodeId}`;
  }

  encode(into: MessageWriter): void {
    encodeRequestHeader(into, this);
    into.u32(16, this.#nodeId);
  }

  decode(response: MessageReader): Uint8Array {
    const size = response.u32(24);
    expectSize(response, 32 + size);
    return response.copy(28, size);
  }
}
