import { addressText } from '../codec/cfg/address-text.ts';
import { GetNodeAddrsRequest } from '../codec/cfg/get-node-addrs.ts';
import { LocalGetRequest } from '../codec/cfg/local-get.ts';
import { NodeStatusGetRequest, type CfgNodeStatus } from '../codec/cfg/node-status-get.ts';
import { RingStatusGetRequest, type CfgInterface } from '../codec/cfg/ring-status-get.ts';
import type { CallOptions } from '../options/call-options.ts';
import { checkArgument } from '../options/check-options.ts';
import { integer, uint32 } from '../options/rules.ts';
import { ConnectedClient, ServiceClient } from '../service/index.ts';
import { resolveCfgOptions, type CfgConnectOptions } from './connect-options.ts';

/** knet takes 16 bits of the id, and would answer with another node's state. */
const knetNode = integer(1, 0xffff);

/**
 * A connection to corosync's cfg service: this node's links, and how it sees the others. It changes nothing. Every call can also fail with
 * CS_ERR_TIMEOUT (its `timeoutMs` is up), CS_ERR_LIBRARY (a ConnectionError: corosync is gone) and CS_ERR_BAD_HANDLE (called after the end); an
 * aborted one rejects with its signal's reason.
 */
export class CfgClient extends ConnectedClient {
  readonly #service: ServiceClient;

  private constructor(service: ServiceClient) {
    super(service);
    this.#service = service;
  }

  /**
   * corosync_cfg_initialize.
   * @throws ConnectionError and CsError as `CmapClient.connect`.
   */
  static async connect(options: CfgConnectOptions = {}): Promise<CfgClient> {
    // The one event that there is goes to those who have asked to be asked about a shutdown.
    const receiver = { decode: () => undefined, deliver: () => undefined, ended: () => undefined };
    const first = { message: new LocalGetRequest(), needed: 'datagrams' } as const;
    return new CfgClient(await ServiceClient.connect(resolveCfgOptions(options), receiver, first));
  }

  /** corosync_cfg_local_get: the id of this node. */
  async localNodeId(options?: CallOptions): Promise<number> {
    return this.#service.submit(new LocalGetRequest(), options);
  }

  /** corosync_cfg_ring_status_get: this node's links, with the state of each towards every node. */
  async ringStatus(options?: CallOptions): Promise<readonly CfgInterface[]> {
    return this.#service.submit(new RingStatusGetRequest(), options);
  }

  /**
   * corosync_cfg_node_status_get: how this node sees another one, link by link. With udpu, a node that corosync does not know has a state, too: all of it is false or 0.
   * @param nodeId 1 to 65535: knet would take a larger one for another node's
   * @throws CsError CS_ERR_FAILED_OPERATION: corosync knows no node of this id, and has logged a warning; CS_ERR_INVALID_PARAM: it is none.
   */
  async nodeStatus(nodeId: number, options?: CallOptions): Promise<CfgNodeStatus> {
    const subject = { operation: 'corosync_cfg_node_status_get' };
    const id = checkArgument(subject, 'nodeId', nodeId, knetNode);
    return this.#service.submit(new NodeStatusGetRequest(id), options);
  }

  /**
   * corosync_cfg_get_node_addrs: a node's addresses, in the order of its links.
   * @param nodeId 0 to 4294967295; 0, the default, is this node
   * @throws CsError CS_ERR_NOT_EXIST: corosync knows no node of this id; CS_ERR_INVALID_PARAM: it is none.
   */
  async nodeAddresses(nodeId = 0, options?: CallOptions): Promise<readonly string[]> {
    const subject = { operation: 'corosync_cfg_get_node_addrs' };
    const id = checkArgument(subject, 'nodeId', nodeId, uint32);
    const { addresses } = await this.#service.submit(new GetNodeAddrsRequest(id), options);
    return addresses.map(addressText);
  }
}
