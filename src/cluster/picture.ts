import type { CfgNodeStatus } from '../codec/cfg/node-status-get.ts';
import type {
  ClusterFreshness,
  ClusterLink,
  ClusterNode,
  ClusterNodeState,
  ClusterQuorum,
  ClusterState,
} from './cluster-state.ts';
import { MapReader } from './map-reader.ts';
import { configuredNodes, seenAddresses, seenNodes, type ConfiguredNode } from './nodelist.ts';
import { present } from './present.ts';
import type { ClusterReports } from './reports.ts';
import { ifLost, nodeDevice, quorumVotes } from './votes.ts';

/** What the cluster is, by what the services have said. */
export function clusterState(reports: ClusterReports, freshness: ClusterFreshness): ClusterState {
  const map = new MapReader(reports.map);
  const nodes = clusterNodes(reports, map);
  return Object.freeze({
    freshness: Object.freeze({ ...freshness }),
    ...present('name', map.text('totem.cluster_name')),
    localNodeId: reports.localNodeId,
    ...present('transport', map.text('totem.transport')),
    ...present('ring', frozenCopy(reports.membership.ring)),
    quorum: clusterQuorum(reports, map, nodes),
    nodes,
    ...present('links', clusterLinks(reports)),
  });
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

function clusterLinks({ links, localNodeId }: ClusterReports): readonly ClusterLink[] | undefined {
  if (links === undefined) return undefined;
  const others = [...links].filter(([id]) => id !== localNodeId).sort(([one], [other]) => one - other);
  return Object.freeze(others.flatMap(([id, status]) => linksTo(id, status)));
}

function linksTo(nodeId: number, { links }: CfgNodeStatus): readonly ClusterLink[] {
  return links.flatMap(({ enabled, connected, mtu, sourceAddress, destinationAddress }, link) => {
    if (!enabled) return [];
    // udp and udpu tell one address, the other node's, and nothing else.
    if (destinationAddress === '') return [Object.freeze({ nodeId, link, connected, to: sourceAddress })];
    return [Object.freeze({ nodeId, link, connected, mtu, from: sourceAddress, to: destinationAddress })];
  });
}

function frozenCopy<T extends object>(given: T | undefined): Readonly<T> | undefined {
  return given === undefined ? undefined : Object.freeze({ ...given });
}
