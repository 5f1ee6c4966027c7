import type { ClusterNode } from './cluster-options.ts';

/** knet over an Ethernet of 1500 bytes. */
const MTU = 1446;
/** Of a node's link to itself. */
const LOOPBACK_MTU = 65_535;

/** How the fake's node sees a link to another one. */
export interface FakeLink {
  /** It is configured and in use. */
  readonly enabled: boolean;
  /** The other node answers on it. */
  readonly connected: boolean;
  /** Bytes; the last known of a link that is not connected. */
  readonly mtu: number;
}

const UP: FakeLink = { enabled: true, connected: true, mtu: MTU };

/** The links of this node to the others. */
export class Links {
  readonly #localNodeId: number;
  readonly #status = new Map<number, FakeLink[]>();

  constructor(localNodeId: number, nodes: readonly ClusterNode[]) {
    this.#localNodeId = localNodeId;
    for (const { id, addresses } of nodes) {
      this.#status.set(
        id,
        id === localNodeId
          ? [{ enabled: true, connected: true, mtu: LOOPBACK_MTU }]
          : addresses.map(() => ({ ...UP, connected: false })),
      );
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
    if (links !== undefined) links[link] = status;
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
