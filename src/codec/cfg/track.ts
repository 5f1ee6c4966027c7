import { encodeRequestHeader, RESPONSE_HEADER_SIZE } from '../header.ts';
import type { MessageWriter } from '../message-writer.ts';
import type { RequestMessage } from '../message.ts';
import { TRACK_FLAGS } from '../track-flags.ts';
import { CFG_REQUEST_ID, CFG_RESPONSE_ID } from './ids.ts';

/*
 * struct req_lib_cfg_trackstart (24)               struct res_lib_cfg_trackstart (24)
 *    0  struct qb_ipc_request_header
 *   16  u8   track_flags, which corosync does not look at
 * From now on this connection is asked before a shutdown, and refuses it if it does not reply.
 */
export class TrackStartRequest implements RequestMessage<void> {
  readonly operation = 'corosync_cfg_trackstart';
  readonly requestId = CFG_REQUEST_ID.trackStart;
  readonly responseId = CFG_RESPONSE_ID.trackStart;
  readonly size = 24;
  readonly maxResponseSize = RESPONSE_HEADER_SIZE;

  encode(into: MessageWriter): void {
    encodeRequestHeader(into, this);
    into.u8(16, TRACK_FLAGS['changes-only']);
  }

  decode(): void {
    // The header has said it all.
  }
}

/*
 * struct req_lib_cfg_trackstop (16)                struct res_lib_cfg_trackstop (24)
 * corosync 3.1.2 does not answer it.
 */
export class TrackStopRequest implements RequestMessage<void> {
  readonly operation = 'corosync_cfg_trackstop';
  readonly requestId = CFG_REQUEST_ID.trackStop;
  readonly responseId = CFG_RESPONSE_ID.trackStop;
  readonly size = 16;
  readonly maxResponseSize = RESPONSE_HEADER_SIZE;

  encode(into: MessageWriter): void {
    encodeRequestHeader(into, this);
  }

  decode(): void {
    // The header has said it all.
  }
}
