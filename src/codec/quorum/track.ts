import { encodeRequestHeader, RESPONSE_HEADER_SIZE } from '../header.ts';
import type { MessageWriter } from '../message-writer.ts';
import type { RequestMessage } from '../message.ts';
import { TRACK_FLAGS, type TrackMode } from '../track-flags.ts';
import { QUORUM_REQUEST_ID, QUORUM_RESPONSE_ID } from './ids.ts';

/*
 * struct req_lib_quorum_trackstart (24)            struct qb_ipc_response_header (24)
 *    0  struct qb_ipc_request_header
 *   16  u32  track_flags
 * A snapshot comes before the answer, and it comes although the answer is CS_ERR_EXIST: this connection tracks already.
 */
export class TrackStartRequest implements RequestMessage<void> {
  readonly operation = 'quorum_trackstart';
  readonly requestId = QUORUM_REQUEST_ID.trackStart;
  readonly responseId = QUORUM_RESPONSE_ID.trackStart;
  readonly hints = { CS_ERR_EXIST: 'this connection tracks already' } as const;
  readonly size = 24;
  readonly maxResponseSize = RESPONSE_HEADER_SIZE;
  readonly #flags: number;

  constructor(mode: TrackMode) {
    this.#flags = TRACK_FLAGS[mode];
  }

  encode(into: MessageWriter): void {
    encodeRequestHeader(into, this);
    into.u32(16, this.#flags);
  }

  decode(): void {
    // The header has said it all.
  }
}

/*
 * struct qb_ipc_request_header (16)                struct qb_ipc_response_header (24)
 * Events that were sent before it still come.
 */
export class TrackStopRequest implements RequestMessage<void> {
  readonly operation = 'quorum_trackstop';
  readonly requestId = QUORUM_REQUEST_ID.trackStop;
  readonly responseId = QUORUM_RESPONSE_ID.trackStop;
  readonly size = 16;
  readonly maxResponseSize = RESPONSE_HEADER_SIZE;

  encode(into: MessageWriter): void {
    encodeRequestHeader(into, this);
  }

  decode(): void {
    // The header has said it all.
  }
}
