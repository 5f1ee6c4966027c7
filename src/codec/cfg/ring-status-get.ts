import { encodeRequestHeader } from '../header.ts';
import { malformed } from '../malformed.ts';
import type { MessageReader } from '../message-reader.ts';
import type { MessageWriter } from '../message-writer.ts';
import type { RequestMessage } from '../message.ts';
import { decodeCString } from '../text.ts';
import { CFG_REQUEST_ID, CFG_RESPONSE_ID } from './ids.ts';

/** A link of this node. */
export interface CfgInterface {
  /** As in `'0 10.0.0.1'`: the link's number and this node's address on it. */
  readonly name: string;
  /**
   * With knet, a character for each node in the order of their ids: `n` this node, `3` connected, `1` enabled and not connected,
   * `d` no such link, `?` an error. With the other transports `'OK'`.
   */
  readonly status: string;
}

/** CFG_MAX_INTERFACES, CFG_INTERFACE_NAME_MAX_LEN, CFG_INTERFACE_STATUS_MAX_LEN. */
const MAX_INTERFACES = 16;
const NAME_SIZE = 128;
const STATUS_SIZE = 512;

/*
 * struct req_lib_cfg_ringstatusget (16)            struct res_lib_cfg_ringstatusget (10272)
 *    0  struct qb_ipc_request_header                  0  struct qb_ipc_response_header
 *                                                    24  u32  interface_count
 *                                                    32  char interface_name[16][128]
 *                                                  2080  char interface_status[16][512]
 * Behind the first interface_count names and states is whatever was in corosync's memory.
 */
export class RingStatusGetRequest implements RequestMessage<CfgInterface[]> {
  readonly operation = 'corosync_cfg_ring_status_get';
  readonly requestId = CFG_REQUEST_ID.ringStatusGet;
  readonly responseId = CFG_RESPONSE_ID.ringStatusGet;
  readonly size = 16;
  readonly maxResponseSize = 10_272;

  encode(into: MessageWriter): void {
    encodeRequestHeader(into, this);
  }

  decode(response: MessageReader): CfgInterface[] {
    const count = response.u32(24);
    if (count > MAX_INTERFACES) throw malformed(`${count} interfaces, where ${MAX_INTERFACES} are the most`);
    return Array.from({ length: count }, (_, index) => ({
      name: decodeCString(response, 32 + NAME_SIZE * index, NAME_SIZE),
      status: decodeCString(response, 2080 + STATUS_SIZE * index, STATUS_SIZE),
    }));
  }
}
