import { CS_ERROR_CODES } from '../../errors/index.ts';
import { encodeRequestHeader, RESPONSE_HEADER_SIZE } from '../header.ts';
import type { MessageReader } from '../message-reader.ts';
import type { MessageWriter } from '../message-writer.ts';
import type { RequestMessage } from '../message.ts';
import { CMAP_REQUEST_ID, CMAP_RESPONSE_ID } from './ids.ts';
import { decodeName, encodeName } from './name.ts';
import { valueTypeName, type CmapValueType } from './value.ts';

/*
 * struct req_lib_cmap_iter_init (280)              struct res_lib_cmap_iter_init (32)
 *    0  struct qb_ipc_request_header                  0  struct qb_ipc_response_header
 *   16  mar_name_t  prefix                           24  u64  iter_handle
 */
export class IterInitRequest implements RequestMessage<bigint> {
  readonly operation = 'cmap_iter_init';
  readonly requestId = CMAP_REQUEST_ID.iterInit;
  readonly responseId = CMAP_RESPONSE_ID.iterInit;
  readonly size = 280;
  readonly maxResponseSize = 32;
  /** The prefix, until the first iter_next, which is too short to overwrite it (libqb lib/trie.c). */
  readonly readUntilFollowUp = true;
  readonly key: string;

  constructor(prefix: string) {
    this.key = prefix;
  }

  encode(into: MessageWriter): void {
    encodeRequestHeader(into, this);
    encodeName(into, 16, this.key);
  }

  decode(response: MessageReader): bigint {
    return response.u64(24);
  }
}

/** What corosync's iterator tells of a key. */
export interface CmapKeyInfo {
  /** Its name. */
  readonly key: string;
  /** The type of its value. */
  readonly type: CmapValueType;
  /** Bytes of the value, a string's NUL included. The stats map states 0 for strings. */
  readonly valueLength: number;
}

/*
 * struct req_lib_cmap_iter_next (24)               struct res_lib_cmap_iter_next (304)
 *    0  struct qb_ipc_request_header                  0  struct qb_ipc_response_header
 *   16  u64  iter_handle                             24  mar_name_t  key_name
 *                                                   288  u64  value_len
 *                                                   296  u8   type
 * Past the end the answer is CS_ERR_NO_SECTIONS, as often as one asks.
 */
export class IterNextRequest implements RequestMessage<CmapKeyInfo | undefined> {
  readonly operation = 'cmap_iter_next';
  readonly requestId = CMAP_REQUEST_ID.iterNext;
  readonly turn = 'list';
  readonly responseId = CMAP_RESPONSE_ID.iterNext;
  readonly size = 24;
  readonly maxResponseSize = 304;
  readonly expectedErrors = [CS_ERROR_CODES.CS_ERR_NO_SECTIONS] as const;
  readonly key: string;
  readonly rests: bigint;

  /** @param prefix what the iterator was begun with, for errors */
  constructor(iterHandle: bigint, prefix: string) {
    this.rests = iterHandle;
    this.key = prefix;
  }

  encode(into: MessageWriter): void {
    encodeRequestHeader(into, this);
    into.u64(16, this.rests);
  }

  decode(response: MessageReader, csError: number): CmapKeyInfo | undefined {
    if (csError !== CS_ERROR_CODES.CS_OK) return undefined;
    return {
      key: decodeName(response, 24),
      type: valueTypeName(response.u8(296)),
      valueLength: response.size(288),
    };
  }
}

/*
 * struct req_lib_cmap_iter_finalize (24)           struct res_lib_cmap_iter_finalize (24)
 *    0  struct qb_ipc_request_header                  0  struct qb_ipc_response_header
 *   16  u64  iter_handle
 */
export class IterFinalizeRequest implements RequestMessage<void> {
  readonly operation = 'cmap_iter_finalize';
  readonly requestId = CMAP_REQUEST_ID.iterFinalize;
  readonly turn = 'list';
  readonly responseId = CMAP_RESPONSE_ID.iterFinalize;
  readonly size = 24;
  readonly maxResponseSize = RESPONSE_HEADER_SIZE;
  readonly key: string;
  readonly ends: bigint;

  /** @param prefix what the iterator was begun with, for errors */
  constructor(iterHandle: bigint, prefix: string) {
    this.ends = iterHandle;
    this.key = prefix;
  }

  encode(into: MessageWriter): void {
    encodeRequestHeader(into, this);
    into.u64(16, this.ends);
  }

  decode(): void {
    // The header has said it all.
  }
}
