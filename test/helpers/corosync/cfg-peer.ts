import { waitUntil } from '../wait-until.ts';
import { fromHex, PeerProcess, toHex, type PeerOptions } from './peer-process.ts';

const text = (word: string | undefined): string => fromHex(word).toString();

export interface CfgPeerLink {
  readonly enabled: number;
  readonly connected: number;
  readonly dynconnected: number;
  readonly mtu: number;
  readonly source: string;
  readonly destination: string;
}

/** struct corosync_cfg_node_status_v1 */
export interface CfgPeerNodeStatus {
  readonly nodeId: number;
  readonly reachable: number;
  readonly remote: number;
  readonly external: number;
  readonly onwireMin: number;
  readonly onwireMax: number;
  readonly onwireVersion: number;
  /** All 8; none after an error. */
  readonly links: CfgPeerLink[];
}

/** The C reference client on libcfg (test/c/cfg-peer.c). */
export class CfgPeer extends PeerProcess {
  /** The flags of each shutdown that libcfg has called back for: corosync asks, or the time to reply is over. */
  readonly shutdowns: number[];

  constructor(options: PeerOptions = {}) {
    const shutdowns: number[] = [];
    super('cfg-peer', options, (_kind, [flags]) => void shutdowns.push(Number(flags)));
    this.shutdowns = shutdowns;
  }

  /** The errno is libqb's, and counts only if the code is not 1. */
  async connect(): Promise<{ code: number; errno: number }> {
    const [code, errno] = await this.call('connect');
    return { code: Number(code), errno: Number(errno) };
  }

  async ringStatus(): Promise<{ code: number; interfaces: { name: string; status: string }[] }> {
    const [code, ...words] = await this.call('ring_status');
    const interfaces = words.map((word) => {
      const [name, status] = word.split(':');
      return { name: text(name), status: text(status) };
    });
    return { code: Number(code), interfaces };
  }

  async nodeStatus(nodeId: number): Promise<{ code: number; status: CfgPeerNodeStatus }> {
    const [code, ...words] = await this.call(`node_status ${nodeId}`);
    const numbers = words.splice(0, 7).map(Number) as [
      number,
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    const [id, reachable, remote, external, onwireMin, onwireMax, onwireVersion] = numbers;
    const links = words.map(parseLink);
    const status = { nodeId: id, reachable, remote, external, onwireMin, onwireMax, onwireVersion, links };
    return { code: Number(code), status };
  }

  /** Addresses in network order, 4 or 16 bytes. */
  async nodeAddresses(
    nodeId: number,
  ): Promise<{ code: number; addresses: { family: number; address: Buffer }[] }> {
    const [code, ...words] = await this.call(`addrs ${nodeId}`);
    const addresses = words.map((word) => {
      const [family, address] = word.split(':');
      return { family: Number(family), address: fromHex(address) };
    });
    return { code: Number(code), addresses };
  }

  async localNodeId(): Promise<{ code: number; nodeId: number }> {
    const [code, nodeId] = await this.call('local');
    return { code: Number(code), nodeId: Number(nodeId) };
  }

  killNode(nodeId: number, reason: string): Promise<number> {
    return this.code(`kill ${nodeId} ${toHex(reason)}`);
  }

  trackStart(flags: number): Promise<number> {
    return this.code(`trackstart ${flags}`);
  }

  trackStop(): Promise<number> {
    return this.code('trackstop');
  }

  tryShutdown(flags: number): Promise<number> {
    return this.code(`try_shutdown ${flags}`);
  }

  /** libcfg says CS_OK whatever corosync answers. */
  replyToShutdown(response: number): Promise<number> {
    return this.code(`reply ${response}`);
  }

  reloadConfig(): Promise<number> {
    return this.code('reload');
  }

  reopenLogFiles(): Promise<number> {
    return this.code('reopen');
  }

  finalize(): Promise<number> {
    return this.code('finalize');
  }

  /** Waits until libcfg has called back that often since the start. */
  async notified(count: number): Promise<readonly number[]> {
    await waitUntil(`${count} shutdown callbacks`, () => this.shutdowns.length >= count, {
      everyMs: 5,
    });
    return this.shutdowns;
  }
}

function parseLink(word: string): CfgPeerLink {
  const [enabled, connected, dynconnected, mtu, source, destination] = word.split(':');
  return {
    enabled: Number(enabled),
    connected: Number(connected),
    dynconnected: Number(dynconnected),
    mtu: Number(mtu),
    source: text(source),
    destination: text(destination),
  };
}
