import { isIP } from 'node:net';
import { show } from '../../errors/index.ts';
import * as rules from '../../options/rules.ts';

/** A node as corosync.conf's nodelist has it. */
export interface FakeNodeOptions {
  /** 1 to 65535. Default: its place in the list, from 1 on. */
  readonly id?: number | undefined;
  /** Default: `'node'` and the id. */
  readonly name?: string | undefined;
  /** `quorum_votes`. Default 1, which is not written into the nodelist. */
  readonly votes?: number | undefined;
  /** IPv4 or IPv6, one for each link, at most 8. Default: 10.LINK.0.ID. */
  readonly addresses?: readonly string[] | undefined;
  /** The numbers of its links that carry nothing at the start. Default: none. */
  readonly linksDown?: readonly number[] | undefined;
}

/** `quorum.device.*` of corosync.conf. */
export interface FakeDeviceOptions {
  /** Default: the votes of all nodes but one. */
  readonly votes?: number | undefined;
  /** Milliseconds without a poll after which the device is dead. Default 10000. */
  readonly timeoutMs?: number | undefined;
  /** Milliseconds that a change of membership waits for its poll. Default 30000. */
  readonly syncTimeoutMs?: number | undefined;
}

/** The cluster that a fake is a node of, as its corosync.conf describes it. */
export interface FakeClusterOptions {
  /** The nodes, or how many (1 to 384), with the ids from 1 on. Default 1. */
  readonly nodes?: number | readonly FakeNodeOptions[] | undefined;
  /** Links of each node whose addresses are not given, 1 to 8. Default 1. */
  readonly links?: number | undefined;
  /** The node that the fake is. Default: the first. */
  readonly localNodeId?: number | undefined;
  /** The nodes that are members at the start; the fake's own one is. Default: all. */
  readonly members?: readonly number[] | undefined;
  /** Default `'private'`. */
  readonly name?: string | undefined;
  /** The token timeout in milliseconds, 30 to 2147483647, with which corosync runs; the consensus timeout is 1.2 times that. Default: as there. */
  readonly tokenMs?: number | undefined;
  /** `totem.config_version`. Default: none. */
  readonly configVersion?: number | undefined;
  /** `quorum.provider`. `'none'`: always quorate, and without votequorum. */
  readonly provider?: 'corosync_votequorum' | 'none' | undefined;
  /** `quorum.expected_votes`. Default: what the nodes and the device have. */
  readonly expectedVotes?: number | undefined;
  /** `quorum.two_node`. Default false. */
  readonly twoNode?: boolean | undefined;
  /** `quorum.wait_for_all`. Default: as `twoNode`. */
  readonly waitForAll?: boolean | undefined;
  /** `quorum.auto_tie_breaker`, for the lowest node id. Default false. */
  readonly autoTieBreaker?: boolean | undefined;
  /** A quorum device in corosync.conf. Default: none; one can be registered all the same. */
  readonly device?: FakeDeviceOptions | undefined;
  /** `'v0'`: as a corosync before 3.1.0, whose quorum service knows no models. Default `'v1'`. */
  readonly quorumModel?: 'v0' | 'v1' | undefined;
}

/** A node with everything filled in. */
export interface ClusterNode {
  readonly id: number;
  readonly name: string;
  readonly votes: number | undefined;
  readonly addresses: readonly string[];
  readonly linksDown: readonly number[];
}

/** The options with everything filled in. */
export interface ClusterConfig extends Omit<FakeClusterOptions, 'nodes' | 'links' | 'members' | 'device'> {
  readonly nodes: readonly ClusterNode[];
  readonly localNodeId: number;
  readonly members: readonly number[];
  readonly name: string;
  readonly provider: 'corosync_votequorum' | 'none';
  readonly quorumModel: 'v0' | 'v1';
  readonly device: FakeDeviceOptions | undefined;
}

const MOST_NODES = 384;
const MOST_LINKS = 8;
/** corosync starts with no less. */
const LEAST_TOKEN_MS = 30;

const nodeId = rules.integer(1, 0xffff);
const votes = rules.integer(0, 0xffff);
const nodeName = rules.rule(
  'a name of 1 to 255 characters',
  (value): value is string => typeof value === 'string' && /^[^\0\n]{1,255}$/.test(value),
);
const address = rules.rule(
  'an IPv4 or IPv6 address',
  (value): value is string => typeof value === 'string' && isIP(value) !== 0,
);
const nodeRule = rules.object<FakeNodeOptions>('a node', {
  id: nodeId,
  name: nodeName,
  votes,
  addresses: listOf(address, 1, MOST_LINKS),
  linksDown: listOf(rules.integer(0, MOST_LINKS - 1), 0, MOST_LINKS),
});
const nodesRule: rules.Rule<number | readonly FakeNodeOptions[]> = (place, value) =>
  Array.isArray(value)
    ? listOf(nodeRule, 1, MOST_NODES)(place, value)
    : rules.integer(1, MOST_NODES)(place, value);

const DEFAULTS = {
  nodes: 1,
  links: 1,
  name: 'private',
  provider: 'corosync_votequorum',
  quorumModel: 'v1',
} as const;

const optionsRule = rules.object<FakeClusterOptions, typeof DEFAULTS>(
  'cluster',
  {
    nodes: nodesRule,
    links: rules.integer(1, MOST_LINKS),
    localNodeId: nodeId,
    members: listOf(nodeId, 1, MOST_NODES),
    name: nodeName,
    tokenMs: rules.integer(LEAST_TOKEN_MS, rules.INT32_MAX),
    configVersion: rules.integer(1, Number.MAX_SAFE_INTEGER),
    provider: rules.oneOf('corosync_votequorum', 'none'),
    expectedVotes: rules.integer(1, 509),
    twoNode: rules.boolean,
    waitForAll: rules.boolean,
    autoTieBreaker: rules.boolean,
    device: rules.object<FakeDeviceOptions>('device', {
      votes,
      timeoutMs: rules.integer(1, rules.INT32_MAX),
      syncTimeoutMs: rules.integer(1, rules.INT32_MAX),
    }),
    quorumModel: rules.oneOf('v0', 'v1'),
  },
  { defaults: DEFAULTS },
);

/** Checks the options and fills in the defaults. @throws RangeError: no corosync could be configured so. */
export function resolveCluster(place: string, value: unknown): ClusterConfig {
  const { nodes: given, links, members, ...options } = optionsRule(place, value);
  const list = typeof given === 'number' ? Array.from({ length: given }, () => ({})) : given;
  const nodes = list.map((node, index) => completeNode(node, index, links));
  const ids = nodes.map(({ id }) => id);
  const localNodeId = options.localNodeId ?? ids[0] ?? 1;
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) throw new RangeError(`${place}.nodes has node ${twice} twice`);
  for (const id of [localNodeId, ...(members ?? [])]) checkKnown(place, id, ids);
  if (options.twoNode === true && options.device !== undefined) {
    throw new RangeError(`${place} has both twoNode and device, with which corosync does not start`);
  }
  return {
    ...options,
    nodes,
    localNodeId,
    members: [...new Set([localNodeId, ...(members ?? ids)])],
    device: options.device,
  };
}

function completeNode(options: FakeNodeOptions, index: number, links: number): ClusterNode {
  const id = options.id ?? index + 1;
  const ownAddresses = Array.from({ length: links }, (_, link) => `10.${link}.${id >> 8}.${id & 0xff}`);
  return {
    id,
    name: options.name ?? `node${id}`,
    votes: options.votes,
    addresses: options.addresses ?? ownAddresses,
    linksDown: options.linksDown ?? [],
  };
}

function checkKnown(place: string, id: number, ids: readonly number[]): void {
  if (!ids.includes(id)) throw new RangeError(`${place} names node ${id}; its nodes are ${ids.join(', ')}`);
}

function listOf<T>(element: rules.Rule<T>, least: number, most: number): rules.Rule<readonly T[]> {
  return (place, value) => {
    if (!Array.isArray(value) || value.length < least || value.length > most) {
      throw new RangeError(`${place} is ${show(value)}; it must be an array of ${least} to ${most}`);
    }
    return Object.freeze(Array.from<unknown, T>(value, (item, index) => element(`${place}[${index}]`, item)));
  };
}
