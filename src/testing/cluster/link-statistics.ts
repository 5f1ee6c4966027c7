import type { FakeLink } from './fake-link.ts';
import type { Statistics } from './statistics.ts';

const KINDS = ['data', 'ping', 'pmtu', 'pong', 'total'];
/** knet has measured nothing yet. */
const NO_LATENCY = 0xffff_ffff;

const below = (nodeId: number, link: number): string => `stats.knet.node${nodeId}.link${link}.`;

/** A link that knet has just been told of. One to another node counts as down from there on. */
export function beginLinkStatistics(
  statistics: Statistics,
  { nodeId, link, isLocal }: { readonly nodeId: number; readonly link: number; readonly isLocal: boolean },
  status: FakeLink,
): void {
  const key = below(nodeId, link);
  const u32 = (name: string, value: number): void =>
    statistics.begin(key + name, { type: 'uint32', value: value });
  const u64 = (name: string): void => statistics.begin(key + name, { type: 'uint64', value: 0n });
  u32('down_count', isLocal ? 0 : 1);
  u32('up_count', status.connected ? 1 : 0);
  for (const name of ['latency_ave', 'latency_max', 'latency_samples']) u32(name, 0);
  u32('latency_min', NO_LATENCY);
  for (const kind of KINDS) {
    for (const name of [`rx_${kind}_bytes`, `rx_${kind}_packets`, `tx_${kind}_bytes`, `tx_${kind}_packets`])
      u64(name);
    if (kind !== 'total') for (const name of [`tx_${kind}_errors`, `tx_${kind}_retries`]) u32(name, 0);
  }
  for (const name of ['rx_total_retries', 'tx_total_errors']) u64(name);
  putLink(statistics, nodeId, link, status);
}

/** What a link is now. */
export function putLink(statistics: Statistics, nodeId: number, link: number, status: FakeLink): void {
  const key = below(nodeId, link);
  statistics.put(`${key}enabled`, Number(status.enabled), 'uint8');
  statistics.put(`${key}connected`, Number(status.connected), 'uint8');
  statistics.put(`${key}mtu`, status.mtu, 'uint32');
}

/** A link has gone down or come up so often. */
export function countLink(
  statistics: Statistics,
  nodeId: number,
  link: number,
  what: 'down' | 'up',
  times = 1,
): void {
  statistics.count(`${below(nodeId, link)}${what}_count`, times);
}
