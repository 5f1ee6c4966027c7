/** What corosync takes from its file as it stands there. It changes none of it by itself, and what it changes at a reload, it changes here too. */
const TOTEM = [
  'config_version',
  'cluster_name',
  'transport',
  'version',
  'token',
  'token_coefficient',
  'token_retransmit',
  'token_retransmits_before_loss_const',
  'token_warning',
  'hold',
  'join',
  'send_join',
  'consensus',
  'merge',
  'downcheck',
  'fail_recv_const',
  'seqno_unchanged_const',
  'miss_count_const',
  'heartbeat_failures_allowed',
  'max_network_delay',
  'window_size',
  'max_messages',
  'netmtu',
  'ip_version',
  'link_mode',
  'secauth',
  'crypto_model',
  'crypto_cipher',
  'crypto_hash',
  'knet_mtu',
  'knet_pmtud_interval',
  'knet_compression_model',
  'knet_compression_threshold',
  'knet_compression_level',
  'block_unlisted_ips',
  'cancel_token_hold_on_retransmit',
  'clear_node_high_bit',
  'ip_dscp',
];

const QUORUM = [
  'provider',
  'expected_votes',
  'expected_votes_tracking',
  'two_node',
  'wait_for_all',
  'last_man_standing',
  'last_man_standing_window',
  'auto_tie_breaker',
  'auto_tie_breaker_node',
  'allow_downscale',
  'leaving_timeout',
  'device.model',
  'device.votes',
  'device.timeout',
  'device.sync_timeout',
  'device.master_wins',
];

export const TOTEM_KEYS: readonly string[] = TOTEM.map((key) => `totem.${key}`);
export const QUORUM_KEYS: readonly string[] = QUORUM.map((key) => `quorum.${key}`);

/** Keys of the map that are compared with the file. */
export const COMPARED_KEYS: readonly string[] = [...TOTEM_KEYS, ...QUORUM_KEYS];

/** What is compared of each node of the nodelist, beside its id. */
export const NODE_KEYS: readonly string[] = [
  'name',
  ...Array.from({ length: 8 }, (_, link) => `ring${link}_addr`),
  'quorum_votes',
];
