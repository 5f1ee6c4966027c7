import { u32Field } from '../encodable.ts';
import { encodeRequestHeader } from '../header.ts';
import { malformed } from '../malformed.ts';
import type { MessageReader } from '../message-reader.ts';
import type { MessageWriter } from '../message-writer.ts';
import type { RequestMessage } from '../message.ts';
import { CFG_REQUEST_ID, CFG_RESPONSE_ID } from './ids.ts';

/** AF_INET and AF_INET6 of Linux; a number is another one. */
export type AddressFamily = 'ipv4' | 'ipv6' | number;

const FAMILIES: ReadonlyMap<number, { readonly family: AddressFamily; readonly size: number }> = new Map([
  [2, { family: 'ipv4', size: 4 }],
  [10, { family: 'ipv6', size: 16 }],
]);

export interface CfgNodeAddresses {
  /** Of the first link; corosync has no other. */
  readonly family: AddressFamily;
  /** In the order of the links, each in network order: 4 bytes of IPv4, or 16. */
  readonly addresses: readonly Uint8Array[];
}

/** TOTEMIP_ADDRLEN */
const ADDRESS_SIZE = 16;
/** INTERFACE_MAX: links that a node can have. */
const MAX_LINKS = 8;

/*
 * struct req_lib_cfg_get_node_addrs (24)           struct res_lib_cfg_get_node_addrs (32 + 16 a link)
 *    0  struct qb_ipc_request_header                  0  struct qb_ipc_response_header
 *   16  u32  nodeid, 0: this node                    24  u32  family
 *                                                    28  u32  num_addrs, fewer than links perhaps
 *                                                    32  char addrs[][16]
 * An answer with an error says nothing: num_addrs is left from an earlier one in corosync up to 3.1.9.
 */
export class GetNodeAddrsRequest implements RequestMessage<CfgNodeAddresses> {
  readonly operation = 'corosync_cfg_get_node_addrs';
  readonly requestId = CFG_REQUEST_ID.getNodeAddrs;
  readonly responseId = CFG_RESPONSE_ID.getNodeAddrs;
  readonly hints = { CS_ERR_NOT_EXIST: 'corosync knows no node of this id' } as const;
  readonly size = 24;
  readonly maxResponseSize = 32 + MAX_LINKS * ADDRESS_SIZE;
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
  }

  decode(response: MessageReader): CfgNodeAddresses {
    const code = response.u32(24);
    const count = response.u32(28);
    if (count > MAX_LINKS) throw malformed(`${count} addresses, where ${MAX_LINKS} are the most`);
    const { family, size } = FAMILIES.get(code) ?? { family: code, size: ADDRESS_SIZE };
    const addresses = Array.from({ length: count }, (_, link) =>
      response.copy(32 + ADDRESS_SIZE * link, size),
    );
    return { family, addresses };
  }
}
