import type { CfgLinkStatus, CfgNodeStatus } from '../../src/codec/cfg/node-status-get.ts';
import type { CmapValue } from '../../src/codec/cmap/value.ts';
import type { VotequorumInfo } from '../../src/codec/votequorum/get-info.ts';
import type { ClusterReports } from '../../src/cluster/reports.ts';

const value = (given: string | number | bigint): CmapValue => {
  if (typeof given === 'string') return { type: 'string', value: given };
  if (typeof given === 'bigint') return { type: 'uint64', value: given };
  return { type: 'uint32', value: given };
};

/** Keys with their values: a number is a uint32, a bigint a uint64. */
export function mapOf(keys: Readonly<Record<string, string | number | bigint>>): Map<string, CmapValue> {
  return new Map(Object.entries(keys).map(([key, given]) => [key, value(given)]));
}

/** A node in the nodelist. */
export function listed(position: number, id: number, name = `node${id}`): Record<string, string | number> {
  return {
    [`nodelist.node.${position}.nodeid`]: id,
    [`nodelist.node.${position}.name`]: name,
    [`nodelist.node.${position}.ring0_addr`]: `10.0.0.${id}`,
    [`nodelist.node.${position}.ring1_addr`]: `10.1.0.${id}`,
  };
}

/** A node that was a member. */
export function seen(id: number, status = 'joined', joins = 1): Record<string, string | number | bigint> {
  return {
    [`runtime.members.${id}.status`]: status,
    [`runtime.members.${id}.ip`]: `r(0) ip(10.0.0.${id}) r(1) ip(10.1.0.${id}) `,
    [`runtime.members.${id}.join_count`]: joins,
    [`runtime.members.${id}.config_version`]: 0n,
  };
}

/** What votequorum knows of a node of a cluster of three. */
export function votes(nodeId: number, change: Partial<VotequorumInfo> = {}): VotequorumInfo {
  return {
    nodeId,
    state: 'member',
    votes: 1,
    expectedVotes: 3,
    highestExpected: 3,
    totalVotes: 3,
    quorum: 2,
    flags: ['quorate'],
    flagBits: 2,
    qdeviceVotes: 0,
    qdeviceName: '',
    ...change,
  };
}

export function link(change: Partial<CfgLinkStatus> = {}): CfgLinkStatus {
  return {
    enabled: true,
    connected: true,
    dynamicallyConnected: false,
    mtu: 1446,
    sourceAddress: '10.0.0.1',
    destinationAddress: '10.0.0.2',
    ...change,
  };
}

export function linksTo(nodeId: number, links: readonly CfgLinkStatus[] = [link()]): CfgNodeStatus {
  const seen = { reachable: true, remote: false, external: false };
  return { nodeId, ...seen, onwireMin: 0, onwireMax: 0, onwireVersion: 0, links };
}

/** Three nodes, all members; this is the first. */
export function three(change: Partial<ClusterReports> = {}): ClusterReports {
  return {
    map: mapOf({
      'totem.cluster_name': 'private',
      'totem.transport': 'knet',
      'quorum.provider': 'corosync_votequorum',
      ...listed(0, 1),
      ...listed(1, 2),
      ...listed(2, 3),
      ...seen(1),
      ...seen(2),
      ...seen(3),
    }),
    localNodeId: 1,
    quorate: true,
    membership: { ring: { nodeId: 1, seq: 12n }, members: [1, 2, 3] },
    votes: new Map([1, 2, 3].map((id) => [id, votes(id)])),
    links: new Map([2, 3].map((id) => [id, linksTo(id)])),
    ...change,
  };
}
