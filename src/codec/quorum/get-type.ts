import { CS_ERROR_CODES } from '../../errors/index.ts';
import { encodeRequestHeader } from '../header.ts';
import type { MessageReader } from '../message-reader.ts';
import type { MessageWriter } from '../message-writer.ts';
import type { RequestMessage } from '../message.ts';
import { QUORUM_REQUEST_ID, QUORUM_RESPONSE_ID } from './ids.ts';

/** `'free'`: no provider of quorum is configured; `'set'`: there is one. A number is one that corosync does not define. */
export type QuorumType = 'free' | 'set' | number;

/** QUORUM_FREE, QUORUM_SET. */
const QUORUM_TYPES: readonly QuorumType[] = ['free', 'set'];

/*
 * struct qb_ipc_request_header (16)                struct res_lib_quorum_gettype (32)
 *                                                     0  struct qb_ipc_response_header
 *                                                    24  u32  quorum_type
 */
export class GetTypeRequest implements RequestMessage<QuorumType> {
  readonly operation = 'quorum_initialize';
  readonly requestId = QUORUM_REQUEST_ID.getType;
  readonly responseId = QUORUM_RESPONSE_ID.getType;
  readonly size = 16;
  readonly maxResponseSize = 32;

  encode(into: MessageWriter): void {
    encodeRequestHeader(into, this);
  }

  decode(response: MessageReader): QuorumType {
    return decodeType(response);
  }
}

/** quorum_model_t: which events this connection gets, from the next one on. A connection begins with v0. */
export type QuorumModel = 'v0' | 'v1';

const MODEL_CODES: Readonly<Record<QuorumModel, number>> = { v0: 0, v1: 1 };

/*
 * struct req_lib_quorum_model_gettype (24)         struct res_lib_quorum_model_gettype (32)
 *    0  struct qb_ipc_request_header                  0  struct qb_ipc_response_header
 *   16  u32  model                                   24  u32  quorum_type
 * corosync before 3.1.0 does not know this request, and answers it with CS_ERR_INVALID_PARAM.
 */
/** `undefined`: corosync does not know models; the connection has v0, and GetTypeRequest asks for the type. */
export class ModelGetTypeRequest implements RequestMessage<QuorumType | undefined> {
  readonly operation = 'quorum_model_initialize';
  readonly requestId = QUORUM_REQUEST_ID.modelGetType;
  readonly responseId = QUORUM_RESPONSE_ID.modelGetType;
  readonly size = 24;
  readonly maxResponseSize = 32;
  readonly expectedErrors = [CS_ERROR_CODES.CS_ERR_INVALID_PARAM] as const;
  readonly #model: number;

  constructor(model: QuorumModel) {
    this.#model = MODEL_CODES[model];
  }

  encode(into: MessageWriter): void {
    encodeRequestHeader(into, this);
    into.u32(16, this.#model);
  }

  decode(response: MessageReader, csError: number): QuorumType | undefined {
    return csError === CS_ERROR_CODES.CS_OK ? decodeType(response) : undefined;
  }
}

function decodeType(response: MessageReader): QuorumType {
  const code = response.u32(24);
  return QUORUM_TYPES[code] ?? code;
}
