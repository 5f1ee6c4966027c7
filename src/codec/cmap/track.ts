import { encodeRequestHeader } from '../header.ts';
import type { MessageReader } from '../message-reader.ts';
import type { MessageWriter } from '../message-writer.ts';
import type { RequestMessage } from '../message.ts';
import { CMAP_REQUEST_ID, CMAP_RESPONSE_ID } from './ids.ts';
import { encodeName } from './name.ts';

/** CMAP_TRACK_*, the bits of a track type. */
export const TRACK_BITS = { delete: 1, modify: 2, add: 4, prefix: 8 } as const;

/*
 * struct req_lib_cmap_track_add (296)              struct res_lib_cmap_track_add (32)
 *    0  struct qb_ipc_request_header                  0  struct qb_ipc_response_header
 *   16  mar_name_t  key_name                         24  u64  track_handle
 *  280  i32  track_type
 *  288  u64  track_inst_handle, ours: it comes back in each notification
 */
export class TrackAddRequest implements RequestMessage<bigint> {
  readonly operation = 'cmap_track_add';
  readonly requestId = CMAP_REQUEST_ID.trackAdd;
  /** It may split the node of a key in libqb's map, as a set does. */
  readonly turn = 'change';
  readonly responseId = CMAP_RESPONSE_ID.trackAdd;
  readonly size = 296;
  readonly maxResponseSize = 32;
  readonly key: string;
  readonly #trackType: number;
  readonly #trackInstHandle: bigint;

  constructor(key: string, trackType: number, trackInstHandle: bigint) {
    this.key = key;
    this.#trackType = trackType;
    this.#trackInstHandle = trackInstHandle;
  }

  encode(into: MessageWriter): void {
    encodeRequestHeader(into, this);
    encodeName(into, 16, this.key);
    into.i32(280, this.#trackType);
    into.u64(288, this.#trackInstHandle);
  }

  decode(response: MessageReader): bigint {
    return response.u64(24);
  }
}

/*
 * struct req_lib_cmap_track_delete (24)            struct res_lib_cmap_track_delete (32)
 *    0  struct qb_ipc_request_header                  0  struct qb_ipc_response_header
 *   16  u64  track_handle                            24  u64  track_inst_handle
 */
export class TrackDeleteRequest implements RequestMessage<bigint> {
  readonly operation = 'cmap_track_delete';
  readonly requestId = CMAP_REQUEST_ID.trackDelete;
  readonly responseId = CMAP_RESPONSE_ID.trackDelete;
  readonly size = 24;
  readonly maxResponseSize = 32;
  readonly key: string;
  readonly #trackHandle: bigint;

  constructor(key: string, trackHandle: bigint) {
    this.key = key;
    this.#trackHandle = trackHandle;
  }

  encode(into: MessageWriter): void {
    encodeRequestHeader(into, this);
    into.u64(16, this.#trackHandle);
  }

  decode(response: MessageReader): bigint {
    return response.u64(24);
  }
}
