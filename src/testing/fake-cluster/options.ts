import * as rules from '../../options/rules.ts';
import {
  resolveCluster,
  type ClusterConfig,
  type FakeClusterOptions,
  type FakeNodeOptions,
} from '../cluster/cluster-options.ts';

/** A cluster, as its corosync.conf describes it; and how the fake of it runs. */
export interface FakeClusterStartOptions extends Omit<
  FakeClusterOptions,
  'nodes' | 'localNodeId' | 'members'
> {
  /** How many nodes, their names, or what is configured of each. Names and ids that are not given are `'node1'` and 1, and so on. Default 3. */
  readonly nodes?: number | readonly (string | FakeNodeOptions)[] | undefined;
  /** The node whose corosync the fake is, by its name or id. Default: the first. */
  readonly local?: string | number | undefined;
  /** As `FakeCorosyncOptions.ipcType`. Default `'shm'`. */
  readonly ipcType?: 'shm' | 'socket' | undefined;
}

export interface ResolvedStart {
  readonly cluster: ClusterConfig;
  readonly ipcType: 'shm' | 'socket';
}

/** @throws RangeError: there is no such option, or no corosync could be configured so */
export function resolveStart(options: FakeClusterStartOptions): ResolvedStart {
  if (typeof options !== 'object') throw new RangeError('options must be an object');
  const { local, ipcType = 'shm', nodes = 3, ...rest } = options;
  const cluster = resolveCluster('options', {
    tokenMs: QUICK_TOKEN_MS,
    ...rest,
    nodes: Array.isArray(nodes) ? nodes.map(named) : nodes,
  });
  const checked = { cluster, ipcType: rules.oneOf('shm', 'socket')('options.ipcType', ipcType) };
  if (local === undefined) return checked;
  return { ...checked, cluster: { ...cluster, localNodeId: nodeIdOf('options.local', cluster, local) } };
}

/** What waits for corosync to find out waits for two seconds, and not for eight; and a test on a busy machine does not look like a corosync that stands still. */
const QUICK_TOKEN_MS = 1000;

function named(node: unknown): unknown {
  return typeof node === 'string' ? { name: node } : node;
}

/** The id of a node that is named in either way. @throws RangeError: there is no such node */
export function nodeIdOf(place: string, { nodes }: Pick<ClusterConfig, 'nodes'>, nameOrId: unknown): number {
  const node = nodes.find(({ id, name }) => nameOrId === (typeof nameOrId === 'number' ? id : name));
  if (node !== undefined) return node.id;
  const known = nodes.map(({ id, name }) => `${id} (${name})`).join(', ');
  throw new RangeError(`${place}: there is no node ${String(nameOrId)}; the cluster has ${known}`);
}
