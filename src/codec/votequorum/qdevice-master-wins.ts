import { encodeRequestHeader, RESPONSE_HEADER_SIZE } from '../header.ts';
import type { MessageWriter } from '../message-writer.ts';
import type { RequestMessage } from '../message.ts';
import { DeviceName } from './device-name.ts';
import { DEVICE_HINTS } from './hints.ts';
import { VOTEQUORUM_REQUEST_ID, VOTEQUORUM_RESPONSE_ID } from './ids.ts';

/*
 * struct req_lib_votequorum_qdevice_master_wins (280)  struct res_lib_votequorum_status (24)
 *    0  struct qb_ipc_request_header
 *   16  char name[255]
 *  272  u32  allow; corosync keeps 8 bits of it in one place and all in another, so 0 or 1
 */
export class QdeviceMasterWinsRequest implements RequestMessage<void> {
  readonly operation = 'votequorum_qdevice_master_wins';
  readonly requestId = VOTEQUORUM_REQUEST_ID.qdeviceMasterWins;
  readonly responseId = VOTEQUORUM_RESPONSE_ID.status;
  readonly changes = true;
  readonly hints = DEVICE_HINTS;
  readonly size = 280;
  readonly maxResponseSize = RESPONSE_HEADER_SIZE;
  readonly key: string;
  readonly #name: DeviceName;
  readonly #allow: boolean;

  constructor(name: string | Uint8Array, allow: boolean) {
    this.#name = new DeviceName(this.operation, name);
    this.#allow = allow;
    this.key = this.#name.text;
  }

  encode(into: MessageWriter): void {
    encodeRequestHeader(into, this);
    this.#name.encode(into, 16);
    into.u32(272, this.#allow ? 1 : 0);
  }

  decode(): void {
    // The header has said it all.
  }
}
