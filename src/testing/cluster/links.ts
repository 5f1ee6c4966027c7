import type { ClusterConfig } from './cluster-options.ts';
import type { FakeLink } from './fake-link.ts';
import { beginLinkStatistics, countLink, putLink } from './link-statistics.ts';
import type { Statistics } from './statistics.ts';

/** knet over an Ethernet of 1500 bytes. */
const MTU = 1446;
/** Of a node's link to itself. */
const LOOPBACK_MTU = 65_535;

const UP: FakeLink = { enabled: true, connected: true, mtu: MTU };

/** The links of this node to the others, with what corosync counts of them. */
export class Links {
  readonly #localNodeId: number;
  readonly #statistics: Statistics;
  readonly #status = new Map<number, FakeLink[]>();

  /** Those to members are connected. */
  constructor({ localNodeId, nodes, members }: ClusterConfig, statistics: Statistics) {
    this.#localNodeId = localNodeId;
    this.#statistics = statistics;
    for (const { id, addresses, linksDown } of nodes) {
      const isLocal = id === localNodeId;
      const status = addresses.map((_, link) => ({
        ...UP,
        connected: members.includes(id) && !linksDown.includes(link),
      }));
      const all = isLocal ? [{ enabled: true, connected: true, mtu: LOOPBACK_MTU }] : status;
      this.#status.set(id, all);
      for (const [link, one] of all.entries())
        beginLinkStatistics(statistics, { nodeId: id, link, isLocal }, one);
    }
  }

  /** By number; `undefined`: there is no such node. */
  of(nodeId: number): readonly FakeLink[] | undefined {
    return this.#status.get(nodeId);
  }

  get(nodeId: number, link: number): FakeLink | undefined {
    return this.#status.get(nodeId)?.[link];
  }

  set(nodeId: number, link: number, status: FakeLink): void {
    const links = this.#status.get(nodeId);
    const was = links?.[link];
    if (links === undefined || was === undefined) return;
    links[link] = status;
    if (was.connected !== status.connected)
      countLink(this.#statistics, nodeId, link, status.connected ? 'up' : 'down');
    putLink(this.#statistics, nodeId, link, status);
  }

  /** It goes down and up so often that only its counters tell. */
  flap(nodeId: number, link: number, times: number): void {
    for (const what of ['down', 'up'] as const) countLink(this.#statistics, nodeId, link, what, times);
  }

  /** A node that comes answers on all its links, and one that is gone on none. */
  connect(nodeId: number, connected: boolean): void {
    if (nodeId === this.#localNodeId || this.reachable(nodeId) === connected) return;
    for (const [link, status] of (this.of(nodeId) ?? []).entries()) {
      if (status.connected !== connected) this.set(nodeId, link, { ...status, connected });
    }
  }

  /** A node that has started again was away on all that were connected. */
  bounce(nodeId: number): void {
    for (const [link, { connected }] of (this.of(nodeId) ?? []).entries())
      if (connected) this.flap(nodeId, link, 1);
  }

  reachable(nodeId: number): boolean {
    return this.of(nodeId)?.some(({ connected }) => connected) === true;
  }

  /** A link as `corosync_cfg_ring_status_get` shows it: a character for each node, by their ids. */
  picture(link: number): string {
    const ids = [...this.#status.keys()].sort((a, b) => a - b);
    return ids.map((id) => (id === this.#localNodeId ? 'n' : character(this.get(id, link)))).join('');
  }
}

function character(status: FakeLink | undefined): string {
  if (status === undefined) return 'd';
  return String((status.enabled ? 1 : 0) | (status.connected ? 2 : 0));
}
