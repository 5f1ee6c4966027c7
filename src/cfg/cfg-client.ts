import { addressText } from '../codec/cfg/address-text.ts';
import { GetNodeAddrsRequest } from '../codec/cfg/get-node-addrs.ts';
import { KillNodeRequest } from '../codec/cfg/kill-node.ts';
import { LocalGetRequest } from '../codec/cfg/local-get.ts';
import { NodeStatusGetRequest, type CfgNodeStatus } from '../codec/cfg/node-status-get.ts';
import { ReloadConfigRequest } from '../codec/cfg/reload-config.ts';
import { ReopenLogFilesRequest } from '../codec/cfg/reopen-log-files.ts';
import { RingStatusGetRequest, type CfgInterface } from '../codec/cfg/ring-status-get.ts';
import { TryShutdownRequest, type CfgShutdownKind } from '../codec/cfg/try-shutdown.ts';
import { CsError } from '../errors/index.ts';
import type { CallOptions } from '../options/call-options.ts';
import { checkArgument } from '../options/check-options.ts';
import { integer, oneOf, text, uint32 } from '../options/rules.ts';
import {
  ConnectedClient,
  DEAF,
  ServiceClient,
  type ReadAccess,
  type ReadingClient,
} from '../service/index.ts';
import { resolveCfgOptions, type CfgConnectOptions } from './connect-options.ts';
import {
  trackShutdown,
  type CfgShutdownListener,
  type CfgShutdownTracker,
  type CfgShutdownTrackOptions,
} from './shutdown-tracking.ts';

/** knet takes 16 bits of an id, and would answer with another node's state. */
const MOST_OF_KNET = 0xffff;
const realNode = integer(1, 0xffff_ffff);
const shutdownKindRule = oneOf('request', 'regardless', 'immediate');

/**
 * A connection to corosync's cfg service: this node's links, and how it sees the others. `localNodeId`, `ringStatus`, `nodeStatus` and `nodeAddresses` read;
 * **all other calls change something**, and none is ever made twice by itself. Every call can also fail with CS_ERR_TIMEOUT (its `timeoutMs` is up),
 * CS_ERR_LIBRARY (a ConnectionError: corosync is gone) and CS_ERR_BAD_HANDLE (called after the end); an aborted one rejects with its signal's reason.
 * `sent` of the error says whether a change may have happened.
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
  static connect(options: CfgConnectOptions & ReadAccess): Promise<ReadOnlyCfgClient>;
  static connect(options?: CfgConnectOptions): Promise<CfgClient>;
  static async connect(options: CfgConnectOptions = {}): Promise<CfgClient> {
    // The one event that there is goes to those who have asked to be asked about a shutdown.
    const first = { message: new LocalGetRequest(), needed: 'datagrams' } as const;
    return new CfgClient(await ServiceClient.connect(resolveCfgOptions(options), DEAF, first));
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
   * @param nodeId 1 to 4294967295; with knet 65535 is the most: it would take a larger one for another node's
   * @throws CsError CS_ERR_FAILED_OPERATION: corosync knows no node of this id, and has logged a warning; CS_ERR_INVALID_PARAM: it is none.
   */
  async nodeStatus(nodeId: number, options?: CallOptions): Promise<CfgNodeStatus> {
    const subject = { operation: 'corosync_cfg_node_status_get' };
    const id = checkArgument(subject, 'nodeId', nodeId, realNode);
    const message = new NodeStatusGetRequest(id);
    if (id <= MOST_OF_KNET) return this.#service.submit(message, options);
    const limits = this.#service.limits(options, subject.operation);
    const startedAt = performance.now();
    // Where ids are made of addresses, they are larger: with udp and udpu, whose links have no other state.
    const links = await this.#service.submit(new RingStatusGetRequest(), limits);
    if (links.length === 0 || links.some(({ status }) => status !== 'OK')) {
      const detail = `nodeId is ${id}; it must be a whole number from 1 to ${MOST_OF_KNET} with knet`;
      throw new CsError('CS_ERR_INVALID_PARAM', { ...subject, detail });
    }
    return this.#service.submit(message, limits.restSince(startedAt));
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

  /**
   * **Ends a node.** corosync_cfg_kill_node: corosync on that node exits at once, without taking its leave; the others miss it some seconds later, and fencing
   * may follow. Resolves when the order has gone out.
   * @param nodeId 1 to 4294967295; this node, too
   * @param reason at most 255 bytes without a NUL, for corosync's log there
   * @throws CsError CS_ERR_INVALID_PARAM, before it is sent: there are no such node ids or reasons; CS_ERR_NOT_EXIST: it is no member of the cluster now.
   */
  async killNode(nodeId: number, reason = '', options?: CallOptions): Promise<void> {
    const subject = { operation: 'corosync_cfg_kill_node' };
    const id = checkArgument(subject, 'nodeId', nodeId, realNode);
    const words = checkArgument(subject, 'reason', reason, text);
    await this.#service.submit(new KillNodeRequest(id, words), options);
  }

  /**
   * **Ends corosync on this node.** corosync_cfg_try_shutdown. `'request'` asks all who track shutdowns on this node, `trackShutdown` of this client too, and one
   * who refuses or is silent for `cfg.shutdown_timeout` (5 s) prevents it; `'regardless'` asks them, and does not mind; `'immediate'` does not ask. Giving up
   * (signal, deadline, `destroy`) cancels it, if it is not too late.
   * @throws CsError CS_ERR_BUSY: somebody refused, or did not reply in time; CS_ERR_EXIST: another shutdown is under way.
   */
  async tryShutdown(kind: CfgShutdownKind = 'request', options?: CallOptions): Promise<void> {
    const subject = { operation: 'corosync_cfg_try_shutdown' };
    const message = new TryShutdownRequest(checkArgument(subject, 'kind', kind, shutdownKindRule));
    // A connection of its own, whose end cancels the shutdown.
    await this.#service.submitBeside(message, options);
  }

  /**
   * **Changes the cluster.** corosync_cfg_reload_config: each node reads its own corosync.conf again. Resolves when this node has.
   * Mistakes on another node are told in its own log only.
   * @throws CsError CS_ERR_INVALID_PARAM: the file of this node has a mistake. With a mistake in its syntax, votequorum takes up no change of the map until a
   *   reload succeeds.
   */
  async reloadConfig(options?: CallOptions): Promise<void> {
    await this.#service.submitBeside(new ReloadConfigRequest(), options);
  }

  /**
   * **Changes this node.** corosync_cfg_reopen_log_files: after they have been moved away.
   * @throws CsError CS_ERR_NOT_EXIST: a directory of a log file is gone.
   */
  async reopenLogFiles(options?: CallOptions): Promise<void> {
    await this.#service.submit(new ReopenLogFilesRequest(), options);
  }

  /**
   * **Has a say in shutdowns.** corosync_cfg_trackstart, with corosync_cfg_replyto_shutdown: whoever wants to shut down corosync on this node in good order is
   * asked to wait for this answer. Exactly one reply is sent for each request. The tracker has a connection of its own, which ends with it (a tracker that is
   * gone agrees); so corosync_cfg_trackstop, which corosync 3.1.2 never answers, is not needed.
   * @param listener says whether it may shut down; one that throws, or takes longer than `replyWithinMs`, refuses
   * @throws CsError CS_ERR_INVALID_PARAM: an option is wrong.
   */
  async trackShutdown(
    listener: CfgShutdownListener,
    options: CfgShutdownTrackOptions = {},
  ): Promise<CfgShutdownTracker> {
    return trackShutdown(this.#service, listener, options);
  }
}

/** A client that was connected with `access: 'read'`: it has no call that changes something. */
export type ReadOnlyCfgClient = ReadingClient<
  CfgClient,
  'localNodeId' | 'ringStatus' | 'nodeStatus' | 'nodeAddresses'
>;
