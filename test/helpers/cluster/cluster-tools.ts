import type { CmapValue } from '../../../src/index.ts';
import type { ClusterNode } from './cluster-node.ts';
import type { ClusterWatch } from './cluster-watch.ts';

/** What there is to agree on: members with their state, links with theirs, quorum. */
export interface NodeView {
  /** Keys below runtime.members. with their values as corosync-cmapctl prints them. */
  readonly members: Readonly<Record<string, string>>;
  /** Ids of the nodes that are there. */
  readonly joined: readonly number[];
  /** As in `link 0 node 3: connected`, without those to the node itself. */
  readonly links: readonly string[];
}

/** What corosync-cmapctl, corosync-quorumtool and corosync-cfgtool say on a node. */
export async function toolsView(node: ClusterNode): Promise<NodeView> {
  const [cmapctl, quorumtool, cfgtool] = await Promise.all([
    node.run('corosync-cmapctl', 'runtime.members.'),
    node.run('corosync-quorumtool', '-s'),
    node.run('corosync-cfgtool', '-s'),
  ]);
  const keys = [...cmapctl.matchAll(/^(\S+) \(\w+\) = (.*)$/gm)].map(([, key = '', value = '']) => [
    key,
    value,
  ]);
  const memberships = quorumtool.slice(quorumtool.indexOf('Membership information'));
  return {
    members: Object.fromEntries(keys) as Record<string, string>,
    joined: [...memberships.matchAll(/^ +(\d+) +\d+ /gm)].map(([, id]) => Number(id)),
    links: parseLinks(cfgtool, node.nodeId),
  };
}

function parseLinks(cfgtool: string, ownId: number): string[] {
  return cfgtool.split(/^LINK ID /m).flatMap((section) => {
    const link = Number.parseInt(section, 10);
    return [...section.matchAll(/nodeid: +(\d+):\s+(\w+)/g)]
      .filter(([, id]) => Number(id) !== ownId)
      .map(([, id = '', state = '']) => `link ${link} node ${id}: ${state}`);
  });
}

/** The same, from nothing but what our client beside the node was told. */
export function toldView(node: ClusterNode, watch: ClusterWatch): NodeView {
  const members = [...watch.picture('runtime.members.')].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    members: Object.fromEntries(members.map(([key, value]) => [key, print(value)])),
    joined: members
      .filter(([key, { value }]) => key.endsWith('.status') && value === 'joined')
      .map(([key]) => Number(key.split('.')[2])),
    links: toldLinks(watch, node.nodeId),
  };
}

function toldLinks(watch: ClusterWatch, ownId: number): string[] {
  return [...watch.picture('stats.knet.')]
    .flatMap(([key, { value }]) => {
      const [, id, link] = /^stats\.knet\.node(\d+)\.link(\d+)\.connected$/.exec(key) ?? [];
      if (id === undefined || Number(id) === ownId) return [];
      return [`link ${link} node ${id}: ${value === 1 ? 'connected' : 'disconnected'}`];
    })
    .sort();
}

function print({ value }: CmapValue): string {
  return String(value);
}
