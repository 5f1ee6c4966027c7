import type { CfgNodeStatus } from '../codec/cfg/node-status-get.ts';
import type { CfgInterface } from '../codec/cfg/ring-status-get.ts';
import type { CfgShutdownKind } from '../codec/cfg/try-shutdown.ts';
import type { CallOptions } from '../options/call-options.ts';
import type { ReadAccess } from '../service/index.ts';
import {
  ServiceSession,
  startServiceSession,
  type SessionCore,
  type SessionOptions,
} from '../session/index.ts';
import { CfgClient } from './cfg-client.ts';
import { CFG_SERVICE } from './connect-options.ts';

/** How to reach corosync's cfg service, and how hard to try. */
export type CfgSessionOptions = SessionOptions;

/**
 * Links and nodes for as long as its user wants: it waits for corosync to appear, and connects again when it is lost. Calls wait for a connection until
 * their deadline. Of calls whose connection is lost, those that read are made again. **All other calls change something**, and are never made twice.
 */
export class CfgSession extends ServiceSession<CfgClient> {
  readonly #core: SessionCore<CfgClient>;

  private constructor(options: CfgSessionOptions) {
    const core = startServiceSession(options, CFG_SERVICE, (connect) => CfgClient.connect(connect));
    super(core);
    this.#core = core;
  }

  /**
   * Returns at once, and connects in the background, until `close`. It keeps the process alive.
   * @throws CsError CS_ERR_INVALID_PARAM: an option is wrong.
   */
  static open(options: CfgSessionOptions & ReadAccess): ReadOnlyCfgSession;
  static open(options?: CfgSessionOptions): CfgSession;
  static open(options: CfgSessionOptions = {}): CfgSession {
    return new CfgSession(options);
  }

  /** corosync_cfg_local_get. See CfgClient.localNodeId. */
  async localNodeId(options?: CallOptions): Promise<number> {
    const subject = { operation: 'corosync_cfg_local_get' };
    return this.#core.calls.read(subject, options, (client, rest) => client.localNodeId(rest));
  }

  /** corosync_cfg_ring_status_get. See CfgClient.ringStatus. */
  async ringStatus(options?: CallOptions): Promise<readonly CfgInterface[]> {
    const subject = { operation: 'corosync_cfg_ring_status_get' };
    return this.#core.calls.read(subject, options, (client, rest) => client.ringStatus(rest));
  }

  /** corosync_cfg_node_status_get. See CfgClient.nodeStatus. */
  async nodeStatus(nodeId: number, options?: CallOptions): Promise<CfgNodeStatus> {
    const subject = { operation: 'corosync_cfg_node_status_get' };
    return this.#core.calls.read(subject, options, (client, rest) => client.nodeStatus(nodeId, rest));
  }

  /** corosync_cfg_get_node_addrs. See CfgClient.nodeAddresses. */
  async nodeAddresses(nodeId = 0, options?: CallOptions): Promise<readonly string[]> {
    const subject = { operation: 'corosync_cfg_get_node_addrs' };
    return this.#core.calls.read(subject, options, (client, rest) => client.nodeAddresses(nodeId, rest));
  }

  /** **Ends a node, and is made once.** See CfgClient.killNode. */
  async killNode(nodeId: number, reason = '', options?: CallOptions): Promise<void> {
    const subject = { operation: 'corosync_cfg_kill_node' };
    await this.#core.calls.once(subject, options, (client, rest) => client.killNode(nodeId, reason, rest));
  }

  /** **Ends corosync on this node, and is made once.** See CfgClient.tryShutdown. */
  async tryShutdown(kind: CfgShutdownKind = 'request', options?: CallOptions): Promise<void> {
    const subject = { operation: 'corosync_cfg_try_shutdown' };
    await this.#core.calls.once(subject, options, (client, rest) => client.tryShutdown(kind, rest));
  }

  /** **Changes the cluster, and is made once.** See CfgClient.reloadConfig. */
  async reloadConfig(options?: CallOptions): Promise<void> {
    const subject = { operation: 'corosync_cfg_reload_config' };
    await this.#core.calls.once(subject, options, (client, rest) => client.reloadConfig(rest));
  }

  /** **Changes this node, and is made once.** See CfgClient.reopenLogFiles. */
  async reopenLogFiles(options?: CallOptions): Promise<void> {
    const subject = { operation: 'corosync_cfg_reopen_log_files' };
    await this.#core.calls.once(subject, options, (client, rest) => client.reopenLogFiles(rest));
  }
}

/** A session that was opened with `access: 'read'`: it has no call that changes something. */
export type ReadOnlyCfgSession = Pick<
  CfgSession,
  'localNodeId' | 'ringStatus' | 'nodeStatus' | 'nodeAddresses' | keyof ServiceSession<CfgClient>
>;
