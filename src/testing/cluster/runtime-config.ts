import type { ClusterConfig } from './cluster-options.ts';

/** corosync's own default, of two nodes; each further one adds to it. */
const TOKEN_MS = 3000;
const PER_NODE_MS = 650;

/** What does not follow from the token timeout. */
const FIXED: Readonly<Record<string, number>> = {
  block_unlisted_ips: 1,
  cancel_token_hold_on_retransmit: 0,
  downcheck: 1000,
  fail_recv_const: 2500,
  heartbeat_failures_allowed: 0,
  join: 50,
  knet_compression_threshold: 0,
  knet_mtu: 0,
  knet_pmtud_interval: 30,
  max_messages: 17,
  max_network_delay: 50,
  merge: 200,
  miss_count_const: 5,
  send_join: 0,
  seqno_unchanged_const: 30,
  token_retransmits_before_loss_const: 4,
  token_warning: 75,
  window_size: 50,
};

/** `runtime.config.totem.`: the timeouts that corosync has made of its configuration, in milliseconds, and the like. */
export function runtimeConfig({
  nodes,
  tokenMs,
}: ClusterConfig): readonly (readonly [key: string, value: number])[] {
  const token = tokenMs ?? TOKEN_MS + Math.max(nodes.length - 2, 0) * PER_NODE_MS;
  const links = nodes[0]?.addresses.map((_, link) => `interface.${link}.`) ?? [];
  const values = {
    ...FIXED,
    token,
    consensus: Math.floor(token * 1.2),
    hold: Math.floor((token / 4.2) * 0.773),
    token_retransmit: Math.floor(token / 4.2),
    ...Object.fromEntries(links.map((link) => [`${link}knet_ping_interval`, Math.floor(token / 4)])),
    ...Object.fromEntries(links.map((link) => [`${link}knet_ping_timeout`, Math.floor(token / 2)])),
  };
  return Object.entries(values).map(([name, value]) => [`runtime.config.totem.${name}`, value]);
}
