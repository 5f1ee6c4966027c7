import type { CmapValue } from '../../codec/cmap/value.ts';
import type { ClusterConfig } from './cluster-options.ts';
import { runtimeConfig } from './runtime-config.ts';

type Entry = readonly [key: string, value: CmapValue];

const text = (key: string, value: string): Entry => [key, { type: 'string', value }];
const u8 = (key: string, value: number | boolean): Entry => [key, { type: 'uint8', value: Number(value) }];
const u64 = (key: string, value: number): Entry => [key, { type: 'uint64', value: BigInt(value) }];
const u32 = (key: string, value: number): Entry => [key, { type: 'uint32', value }];

/** What corosync reads from its corosync.conf into the configuration map, and what it makes of it. */
export function configuredEntries(config: ClusterConfig): Entry[] {
  return [
    u32('totem.version', 2),
    text('totem.cluster_name', config.name),
    text('totem.transport', 'knet'),
    ...(config.tokenMs === undefined
      ? []
      : [u32('totem.token', config.tokenMs), u32('totem.token_coefficient', 0)]),
    ...(config.configVersion === undefined ? [] : [u64('totem.config_version', config.configVersion)]),
    ...runtimeConfig(config).map(([key, value]) => u32(key, value)),
    u32(
      'nodelist.local_node_pos',
      config.nodes.findIndex(({ id }) => id === config.localNodeId),
    ),
    ...config.nodes.flatMap(({ id, name, votes, addresses }, position) => {
      const key = (last: string): string => `nodelist.node.${position}.${last}`;
      return [
        u32(key('nodeid'), id),
        text(key('name'), name),
        ...addresses.map((address, link) => text(key(`ring${link}_addr`), address)),
        ...(votes === undefined ? [] : [u32(key('quorum_votes'), votes)]),
      ];
    }),
    ...quorumEntries(config),
  ];
}

function quorumEntries(config: ClusterConfig): Entry[] {
  const { provider, expectedVotes, twoNode, waitForAll, autoTieBreaker, device } = config;
  return [
    ...(provider === 'none' ? [] : [text('quorum.provider', provider)]),
    ...(expectedVotes === undefined ? [] : [u32('quorum.expected_votes', expectedVotes)]),
    ...(twoNode === undefined ? [] : [u8('quorum.two_node', twoNode)]),
    ...(waitForAll === undefined ? [] : [u8('quorum.wait_for_all', waitForAll)]),
    ...(autoTieBreaker === undefined ? [] : [u8('quorum.auto_tie_breaker', autoTieBreaker)]),
    ...(device === undefined ? [] : [text('quorum.device.model', 'net')]),
    ...(device?.votes === undefined ? [] : [u32('quorum.device.votes', device.votes)]),
    ...(device?.timeoutMs === undefined ? [] : [u32('quorum.device.timeout', device.timeoutMs)]),
    ...(device?.syncTimeoutMs === undefined ? [] : [u32('quorum.device.sync_timeout', device.syncTimeoutMs)]),
  ];
}
