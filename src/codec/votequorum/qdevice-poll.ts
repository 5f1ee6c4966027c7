import { encodeRequestHeader, RESPONSE_HEADER_SIZE } from '../header.ts';
import type { MessageWriter } from '../message-writer.ts';
import type { RequestMessage } from '../message.ts';
import { encodeRingId, ringIdField, type RingId } from '../ring-id.ts';
import { DeviceName } from './device-name.ts';
import { DEVICE_HINTS } from './hints.ts';
import { VOTEQUORUM_REQUEST_ID, VOTEQUORUM_RESPONSE_ID } from './ids.ts';

/*
 * struct req_lib_votequorum_qdevice_poll (296)     struct res_lib_votequorum_status (24)
 *    0  struct qb_ipc_request_header
 *   16  char name[255]
 *  272  i32  cast_vote, 0: alive, but without a vote
 *  280  struct mar_votequorum_ring_id  ring_id, that of the last nodelist event
 */
export class QdevicePollRequest implements RequestMessage<void> {
  readonly operation = 'votequorum_qdevice_poll';
  readonly requestId = VOTEQUORUM_REQUEST_ID.qdevicePoll;
  readonly responseId = VOTEQUORUM_RESPONSE_ID.status;
  readonly changes = true;
  readonly hints = DEVICE_HINTS;
  readonly size = 296;
  readonly maxResponseSize = RESPONSE_HEADER_SIZE;
  readonly key: string;
  readonly #name: DeviceName;
  readonly #castVote: boolean;
  readonly #ringId: RingId;

  constructor(name: string | Uint8Array, castVote: boolean, ringId: RingId) {
    this.#name = new DeviceName(this.operation, name);
    this.#castVote = castVote;
    this.#ringId = ringIdField(this.operation, ringId);
    this.key = this.#name.text;
  }

  encode(into: MessageWriter): void {
    encodeRequestHeader(into, this);
    this.#name.encode(into, 16);
    into.i32(272, this.#castVote ? 1 : 0);
    encodeRingId(into, 280, this.#ringId);
  }

  decode(): void {
    // The header has said it all.
  }
}
