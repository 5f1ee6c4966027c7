import { CS_ERROR_CODES } from '../../errors/index.ts';
import { encodeRequestHeader } from '../header.ts';
import { malformed } from '../malformed.ts';
import type { MessageReader } from '../message-reader.ts';
import type { MessageWriter } from '../message-writer.ts';
import type { RequestMessage } from '../message.ts';
import { READ_HINTS } from './hints.ts';
import { CMAP_REQUEST_ID, CMAP_RESPONSE_ID } from './ids.ts';
import { encodeName } from './name.ts';
import { decodeValue, MAX_STORED_LENGTH, type CmapValue } from './value.ts';

/*
 * struct req_lib_cmap_get (288)                    struct res_lib_cmap_get (40 + the REQUESTED value_len)
 *    0  struct qb_ipc_request_header                  0  struct qb_ipc_response_header
 *   16  mar_name_t  key_name                         24  u64  value_len, the actual one
 *  280  u64  value_len, room for the value           32  u8   type
 *                                                    40  u8   value[]
 * Room that is too small is answered with CS_ERR_INVALID_PARAM (icmap). The stats map does not look
 * at it and overruns its buffer, so a request never asks for less than MIN_ROOM: no length queries.
 */
const RESPONSE_FIXED_SIZE = 40;

/** The stats map's own buffers have 64 bytes (corosync exec/stats.c). */
export const MIN_ROOM = 64;

/** `undefined`: the value does not fit `room`; ask again with MAX_STORED_LENGTH, which always fits. */
export class GetRequest implements RequestMessage<CmapValue | undefined> {
  readonly operation = 'cmap_get';
  readonly requestId = CMAP_REQUEST_ID.get;
  readonly responseId = CMAP_RESPONSE_ID.get;
  readonly hints = READ_HINTS;
  readonly size = 288;
  readonly maxResponseSize: number;
  readonly expectedErrors: readonly number[];
  readonly key: string;
  readonly #room: number;

  constructor(key: string, room: number) {
    this.key = key;
    this.#room = Math.min(Math.max(room, MIN_ROOM), MAX_STORED_LENGTH);
    this.maxResponseSize = RESPONSE_FIXED_SIZE + this.#room;
    this.expectedErrors = this.#room < MAX_STORED_LENGTH ? TOO_SMALL : NO_ERRORS;
  }

  encode(into: MessageWriter): void {
    encodeRequestHeader(into, this);
    encodeName(into, 16, this.key);
    into.size(280, this.#room);
  }

  decode(response: MessageReader, csError: number): CmapValue | undefined {
    if (csError !== CS_ERROR_CODES.CS_OK) return undefined;
    const length = response.size(24);
    if (length > this.#room) throw malformed(`value of ${length} bytes where ${this.#room} were asked for`);
    return decodeValue(response, RESPONSE_FIXED_SIZE, response.u8(32), length);
  }
}

const TOO_SMALL = [CS_ERROR_CODES.CS_ERR_INVALID_PARAM] as const;
const NO_ERRORS: readonly number[] = [];
