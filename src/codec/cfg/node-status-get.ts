import { u32Field } from '../encodable.ts';
import { encodeRequestHeader } from '../header.ts';
import { malformed } from '../malformed.ts';
import type { MessageReader } from '../message-reader.ts';
import type { MessageWriter } from '../message-writer.ts';
import type { RequestMessage } from '../message.ts';
import { decodeCString } from '../text.ts';
import { CFG_REQUEST_ID, CFG_RESPONSE_ID } from './ids.ts';

/** How this node sees a link to another one. */
export interface CfgLinkStatus {
  /** The link is configured and in use. */
  readonly enabled: boolean;
  /** The other node answers on it. */
  readonly connected: boolean;
  /** The link has been activated by the other node, whose address is not fixed. */
  readonly dynamicallyConnected: boolean;
  /** Bytes; the last known of a link that is not connected. */
  readonly mtu: number;
  /** Numeric; an IPv6 address may have a scope, as in `'fe80::1%2'`. */
  readonly sourceAddress: string;
  /** Empty with udpu. */
  readonly destinationAddress: string;
}

/** How this node sees another one, or itself. */
export interface CfgNodeStatus {
  /** As it was asked for. */
  readonly nodeId: number;
  /** This node can reach it, by whatever link. */
  readonly reachable: boolean;
  /** It is reached by way of another node; no corosync does that yet. */
  readonly remote: boolean;
  /** It is outside of the cluster; no corosync does that yet. */
  readonly external: boolean;
  /** Versions of knet's protocol that the node can speak, and the one it speaks; 0 where knet does not tell. */
  readonly onwireMin: number;
  /** See `onwireMin`. */
  readonly onwireMax: number;
  /** See `onwireMin`. */
  readonly onwireVersion: number;
  /** The 8 that a node can have, by their number; the others are not enabled. */
  readonly links: readonly CfgLinkStatus[];
}

/** CFG_NODE_STATUS_V1: the only one there is. */
const VERSION = 1;
/** CFG_MAX_LINKS, CFG_MAX_HOST_LEN. */
const LINKS = 8;
const HOST_SIZE = 256;
const LINK_SIZE = 520;

/*
 * struct req_lib_cfg_nodestatusget (32)            struct res_lib_cfg_nodestatusget_v1 (4200)
 *    0  struct qb_ipc_request_header                  0  struct qb_ipc_response_header
 *   16  u32  nodeid                                  24  struct corosync_cfg_node_status_v1:
 *   24  u32  version                                 24  u32  version
 *                                                    28  u32  nodeid, as it was asked for
 *                                                    32  u8   reachable, remote, external
 *                                                    35  u8   onwire_min, onwire_max, onwire_ver
 *                                                    40  struct corosync_knet_link_status_v1  link_status[8]
 * struct corosync_knet_link_status_v1 (520)
 *    0  u8   enabled, connected, dynconnected
 *    4  u32  mtu
 *    8  char src_ipaddr[256]
 *  264  char dst_ipaddr[256]
 * An answer with an error is struct res_lib_cfg_nodestatusget_version (32), and says nothing.
 */
export class NodeStatusGetRequest implements RequestMessage<CfgNodeStatus> {
  readonly operation = 'corosync_cfg_node_status_get';
  readonly requestId = CFG_REQUEST_ID.nodeStatusGet;
  readonly responseId = CFG_RESPONSE_ID.nodeStatusGet;
  readonly hints = { CS_ERR_FAILED_OPERATION: 'corosync knows no node of this id' } as const;
  readonly size = 32;
  readonly maxResponseSize = 4200;
  readonly #nodeId: number;

  constructor(nodeId: number) {
    this.#nodeId = u32Field(this.operation, 'node id', nodeId);
  }

  get key(): string {
    return `node ${this.#nodeId}`;
  }

  encode(into: MessageWriter): void {
    encodeRequestHeader(into, this);
    into.u32(16, this.#nodeId);
    into.u32(24, VERSION);
  }

  decode(response: MessageReader): CfgNodeStatus {
    const version = response.u32(24);
    if (version !== VERSION) throw malformed(`node status of version ${version}, not ${VERSION}`);
    return {
      nodeId: response.u32(28),
      reachable: response.u8(32) !== 0,
      remote: response.u8(33) !== 0,
      external: response.u8(34) !== 0,
      onwireMin: response.u8(35),
      onwireMax: response.u8(36),
      onwireVersion: response.u8(37),
      links: Array.from({ length: LINKS }, (_, link) => decodeLink(response, 40 + LINK_SIZE * link)),
    };
  }
}

function decodeLink(response: MessageReader, offset: number): CfgLinkStatus {
  return {
    enabled: response.u8(offset) !== 0,
    connected: response.u8(offset + 1) !== 0,
    dynamicallyConnected: response.u8(offset + 2) !== 0,
    mtu: response.u32(offset + 4),
    sourceAddress: decodeCString(response, offset + 8, HOST_SIZE),
    destinationAddress: decodeCString(response, offset + 264, HOST_SIZE),
  };
}
