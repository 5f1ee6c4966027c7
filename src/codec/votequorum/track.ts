import { u64Field } from '../encodable.ts';
import { encodeRequestHeader, RESPONSE_HEADER_SIZE } from '../header.ts';
import type { MessageWriter } from '../message-writer.ts';
import type { RequestMessage } from '../message.ts';
import { TRACK_FLAGS, type TrackMode } from '../track-flags.ts';
import { VOTEQUORUM_REQUEST_ID, VOTEQUORUM_RESPONSE_ID } from './ids.ts';

/*
 * struct req_lib_votequorum_trackstart (32)        struct res_lib_votequorum_status (24)
 *    0  struct qb_ipc_request_header
 *   16  u64  context, ours: it comes back in each event
 *   24  u32  track_flags
 * A snapshot comes before the answer, and it comes (with the new context) although the answer is CS_ERR_EXIST: this
 * connection tracks already.
 */
export class TrackStartRequest implements RequestMessage<void> {
  readonly operation = 'votequorum_trackstart';
  readonly requestId = VOTEQUORUM_REQUEST_ID.trackStart;
  readonly responseId = VOTEQUORUM_RESPONSE_ID.status;
  readonly hints = { CS_ERR_EXIST: 'this connection tracks already' } as const;
  readonly size = 32;
  readonly maxResponseSize = RESPONSE_HEADER_SIZE;
  readonly #context: bigint;
  readonly #flags: number;

  constructor(context: bigint, mode: TrackMode) {
    this.#context = u64Field(this.operation, 'context', context);
    this.#flags = TRACK_FLAGS[mode];
  }

  encode(into: MessageWriter): void {
    encodeRequestHeader(into, this);
    into.u64(16, this.#context);
    into.u32(24, this.#flags);
  }

  decode(): void {
    // The header has said it all.
  }
}

/*
 * struct req_lib_votequorum_general (16)           struct res_lib_votequorum_status (24)
 * Events that were sent before it still come.
 */
export class TrackStopRequest implements RequestMessage<void> {
  readonly operation = 'votequorum_trackstop';
  readonly requestId = VOTEQUORUM_REQUEST_ID.trackStop;
  readonly responseId = VOTEQUORUM_RESPONSE_ID.status;
  readonly hints = { CS_ERR_NOT_EXIST: 'this connection does not track' } as const;
  readonly size = 16;
  readonly maxResponseSize = RESPONSE_HEADER_SIZE;

  encode(into: MessageWriter): void {
    encodeRequestHeader(into, this);
  }

  decode(): void {
    // The header has said it all.
  }
}
