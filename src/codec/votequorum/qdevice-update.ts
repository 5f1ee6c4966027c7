import { encodeRequestHeader, RESPONSE_HEADER_SIZE } from '../header.ts';
import type { MessageWriter } from '../message-writer.ts';
import type { RequestMessage } from '../message.ts';
import { DeviceName } from './device-name.ts';
import { DEVICE_HINTS } from './hints.ts';
import { VOTEQUORUM_REQUEST_ID, VOTEQUORUM_RESPONSE_ID } from './ids.ts';

/*
 * struct req_lib_votequorum_qdevice_update (528)   struct res_lib_votequorum_status (24)
 *    0  struct qb_ipc_request_header
 *   16  char oldname[255]
 *  271  char newname[255]
 * Answered before it has happened: all nodes are told first.
 */
export class QdeviceUpdateRequest implements RequestMessage<void> {
  readonly operation = 'votequorum_qdevice_update';
  readonly requestId = VOTEQUORUM_REQUEST_ID.qdeviceUpdate;
  readonly responseId = VOTEQUORUM_RESPONSE_ID.status;
  readonly changes = true;
  readonly hints = DEVICE_HINTS;
  readonly size = 528;
  readonly maxResponseSize = RESPONSE_HEADER_SIZE;
  readonly key: string;
  readonly #oldName: DeviceName;
  readonly #newName: DeviceName;

  constructor(oldName: string | Uint8Array, newName: string | Uint8Array) {
    this.#oldName = new DeviceName(this.operation, oldName);
    this.#newName = new DeviceName(this.operation, newName);
    this.key = this.#oldName.text;
  }

  encode(into: MessageWriter): void {
    encodeRequestHeader(into, this);
    this.#oldName.encode(into, 16);
    this.#newName.encode(into, 271);
  }

  decode(): void {
    // The header has said it all.
  }
}
