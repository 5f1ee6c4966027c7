import type { CfgNodeStatus } from '../codec/cfg/node-status-get.ts';
import type { CmapValue } from '../codec/cmap/value.ts';
import type {
  ClusterFreshness,
  ClusterLink,
  ClusterNode,
  ClusterNodeState,
  ClusterQuorum,
  ClusterState,
} from './cluster-state.ts';
import {
  configOf,
  ipcOf,
  latencyOf,
  schedulingOf,
  statsReader,
  totemOf,
  trafficOf,
} from './figures/figures.ts';
import type { ClusterRoundTrips } from './figures/figures-state.ts';
import type { LinkName } from './figures/read-figures.ts';
import { MapReader } from './map-reader.ts';
import { configuredNodes, seenAddresses, seenNodes, type ConfiguredNode } from './nodelist.ts';
import { present } from './present.ts';
import type { ClusterReports } from './reports.ts';
import { ifLost, nodeDevice, quorumVotes } from './votes.ts';

/** What is known beside the reports: figures, and what only somebody knows who watches. */
export interface ClusterAside {
  /** Statistics that move all the time. */
  readonly figures?: ReadonlyMap<string, CmapValue> | undefined;
  /** The last one that was told; it is newer than that of the figures. */
  readonly silenceMs?: number | undefined;
  readonly longestSilenceMs?: number | undefined;
  readonly roundTrips?: ClusterRoundTrips | undefined;
  /** How often a link went down. */
  flaps?(name: LinkName): number | undefined;
}

/** What the cluster is, by what the services have said. */
export function clusterState(
  reports: ClusterReports,
  freshness: ClusterFreshness,
  aside: ClusterAside = {},
): ClusterState {
  const map = new MapReader(reports.map);
  const stats = statsReader(aside.figures, reports.stats);
  const nodes = clusterNodes(reports, map);
  return Object.freeze({
    freshness: Object.freeze({ ...freshness }),
    ...present('name', map.text('totem.cluster_name')),
    localNodeId: reports.localNodeId,
    ...present('transport', map.text('totem.transport')),
    ...present('ring', frozenCopy(reports.membership.ring)),
    quorum: clusterQuorum(reports, map, nodes),
    nodes,
    ...present('links', clusterLinks(reports, stats, aside)),
    ...present('totem', totem(stats, map, aside)),
    ...present('scheduling', reports.stats === undefined ? undefined : schedulingOf(stats)),
    ...present('ipc', ipc(stats, aside)),
    config: configOf(map, reports),
  });
}

function totem(stats: MapReader, map: MapReader, aside: ClusterAside): ClusterState['totem'] {
  const known = totemOf(stats, map);
  if (known === undefined) return undefined;
  const told = {
    ...present('silenceMs', aside.silenceMs),
    ...present('longestSilenceMs', aside.longestSilenceMs),
  };
  return Object.freeze({ ...known, ...told });
}

function ipc(stats: MapReader, { roundTrips }: ClusterAside): ClusterState['ipc'] {
  const known = ipcOf(stats);
  return known === undefined || roundTrips === undefined ? known : Object.freeze({ ...known, roundTrips });
}

function clusterQuorum(
  reports: ClusterReports,
  map: MapReader,
  nodes: readonly ClusterNode[],
): ClusterQuorum {
  return Object.freeze({
    quorate: reports.quorate,
    ...present('provider', map.text('quorum.provider')),
    ...present('votes', quorumVotes(reports, map, nodes)),
  });
}

/** By their ids: those of the configuration, those that were seen, the members, and the one that was asked. */
function clusterNodes(reports: ClusterReports, map: MapReader): readonly ClusterNode[] {
  const configured = configuredNodes(map);
  const { members = [] } = reports.membership;
  const ids = new Set([...configured.keys(), ...seenNodes(map), ...members, reports.localNodeId]);
  const states = new Map([...ids].map((id) => [id, nodeState(id, reports, map)]));
  const memberIds = [...ids].filter((id) => states.get(id) === 'member');
  const nodes = [...ids]
    .sort((one, other) => one - other)
    .map((id) =>
      Object.freeze({
        ...identity(id, configured.get(id), map),
        local: id === reports.localNodeId,
        state: states.get(id) ?? 'unknown',
        ...present('votes', reports.votes?.get(id)?.votes),
        ...present('joins', map.integer(`runtime.members.${id}.join_count`)),
        ...present('configVersion', configVersion(id, map)),
        ...present('ifLost', ifLost(id, memberIds, reports)),
        ...present('qdevice', nodeDevice(reports.votes?.get(id))),
      }),
    );
  return Object.freeze(nodes);
}

function identity(
  id: number,
  configured: ConfiguredNode | undefined,
  map: MapReader,
): Pick<ClusterNode, 'id' | 'name' | 'configured' | 'addresses'> {
  return {
    id,
    ...present('name', configured?.name),
    configured: configured !== undefined,
    addresses: Object.freeze(configured?.addresses ?? seenAddresses(map, id)),
  };
}

/** Who the members are, quorum knows best; the map is not read at the same moment. */
function nodeState(
  id: number,
  { membership, localNodeId }: ClusterReports,
  map: MapReader,
): ClusterNodeState {
  const status = map.text(`runtime.members.${id}.status`);
  if (membership.members?.includes(id) === true) return 'member';
  if (status === 'left') return 'left';
  if (status === undefined) return id === localNodeId ? 'unknown' : 'never seen';
  return status === 'joined' && membership.members === undefined ? 'member' : 'unknown';
}

/** corosync says 0 of a configuration that has none. */
function configVersion(id: number, map: MapReader): bigint | undefined {
  const version = map.long(`runtime.members.${id}.config_version`);
  return version === 0n ? undefined : version;
}

function clusterLinks(
  { links, localNodeId }: ClusterReports,
  stats: MapReader,
  aside: ClusterAside,
): readonly ClusterLink[] | undefined {
  if (links === undefined) return undefined;
  const others = [...links].filter(([id]) => id !== localNodeId).sort(([one], [other]) => one - other);
  return Object.freeze(
    others.flatMap(([id, status]) =>
      linksTo(id, status).map((link) => Object.freeze({ ...link, ...linkFigures(link, stats, aside) })),
    ),
  );
}

function linkFigures(
  name: LinkName,
  stats: MapReader,
  aside: ClusterAside,
): Pick<ClusterLink, 'flaps' | 'latency' | 'traffic'> {
  return {
    ...present('flaps', aside.flaps?.(name)),
    ...present('latency', latencyOf(stats, name.nodeId, name.link)),
    ...present('traffic', trafficOf(stats, name.nodeId, name.link)),
  };
}

function linksTo(nodeId: number, { links }: CfgNodeStatus): readonly ClusterLink[] {
  return links.flatMap(({ enabled, connected, mtu, sourceAddress, destinationAddress }, link) => {
    if (!enabled) return [];
    // udp and udpu tell one address, the other node's, and nothing else.
    if (destinationAddress === '') return [{ nodeId, link, connected, to: sourceAddress }];
    return [{ nodeId, link, connected, mtu, from: sourceAddress, to: destinationAddress }];
  });
}

function frozenCopy<T extends object>(given: T | undefined): Readonly<T> | undefined {
  return given === undefined ? undefined : Object.freeze({ ...given });
}
