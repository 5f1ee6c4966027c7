import { READ_ONLY_PREFIXES } from '../../cmap/values/keys.ts';

/** Beside the prefixes, what no client may change, as corosync 3.1.7 declares it in exec/main.c: read-only whether it exists or not. */
const KEYS = new Set([
  'totem.crypto_cipher',
  'totem.crypto_hash',
  'totem.crypto_model',
  'totem.keyfile',
  'totem.key',
  'totem.secauth',
  'totem.ip_version',
  'totem.rrp_mode',
  'totem.transport',
  'totem.cluster_name',
  'totem.netmtu',
  'totem.threads',
  'totem.version',
  'totem.nodeid',
  'totem.clear_node_high_bit',
  'config.reload_in_progress',
  'config.totemconfig_reload_in_progress',
]);

export function isReadOnlyKey(key: string): boolean {
  return KEYS.has(key) || READ_ONLY_PREFIXES.some((prefix) => key.startsWith(prefix));
}
