import { encodeRequestHeader, RESPONSE_HEADER_SIZE } from '../header.ts';
import type { MessageWriter } from '../message-writer.ts';
import type { RequestMessage } from '../message.ts';
import { DeviceName } from './device-name.ts';
import { DEVICE_HINTS, REGISTER_HINTS } from './hints.ts';
import { VOTEQUORUM_REQUEST_ID, VOTEQUORUM_RESPONSE_ID } from './ids.ts';

/*
 * struct req_lib_votequorum_qdevice_register (272) struct res_lib_votequorum_status (24)
 *    0  struct qb_ipc_request_header
 *   16  char name[255]
 * Answered when all nodes have been told. corosync keeps the connection's address until then: it may crash if the connection
 * has ended meanwhile.
 */
export class QdeviceRegisterRequest implements RequestMessage<void> {
  readonly operation = 'votequorum_qdevice_register';
  readonly requestId = VOTEQUORUM_REQUEST_ID.qdeviceRegister;
  readonly responseId = VOTEQUORUM_RESPONSE_ID.status;
  readonly answer = 'later';
  readonly holdsConnection = true;
  readonly changes = true;
  readonly hints = REGISTER_HINTS;
  readonly size = 272;
  readonly maxResponseSize = RESPONSE_HEADER_SIZE;
  readonly key: string;
  readonly #name: DeviceName;

  constructor(name: string | Uint8Array) {
    this.#name = new DeviceName(this.operation, name);
    this.key = this.#name.text;
  }

  encode(into: MessageWriter): void {
    encodeRequestHeader(into, this);
    this.#name.encode(into, 16);
  }

  decode(): void {
    // The header has said it all.
  }
}

/*
 * struct req_lib_votequorum_qdevice_unregister (272)  struct res_lib_votequorum_status (24)
 *    0  struct qb_ipc_request_header
 *   16  char name[255]
 */
export class QdeviceUnregisterRequest implements RequestMessage<void> {
  readonly operation = 'votequorum_qdevice_unregister';
  readonly requestId = VOTEQUORUM_REQUEST_ID.qdeviceUnregister;
  readonly responseId = VOTEQUORUM_RESPONSE_ID.status;
  readonly changes = true;
  readonly hints = DEVICE_HINTS;
  readonly size = 272;
  readonly maxResponseSize = RESPONSE_HEADER_SIZE;
  readonly key: string;
  readonly #name: DeviceName;

  constructor(name: string | Uint8Array) {
    this.#name = new DeviceName(this.operation, name);
    this.key = this.#name.text;
  }

  encode(into: MessageWriter): void {
    encodeRequestHeader(into, this);
    this.#name.encode(into, 16);
  }

  decode(): void {
    // The header has said it all.
  }
}
