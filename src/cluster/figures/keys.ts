const SRP = 'stats.srp.';

export const TOTEM_STATES = ['operational', 'gather', 'commit', 'recovery'] as const;

export const tokenLostKey = (state: string): string => `${SRP}${state}_token_lost`;
export const enteredKey = (state: string): string => `${SRP}${state}_entered`;
export const SILENCE_KEY = `${SRP}time_since_token_last_received`;
export const CANNOT_FORM_KEY = `${SRP}firewall_enabled_or_nic_failure`;
export const FIRST_MISS_KEY = missKeys(0).at;

/** What tells that something has happened, and nothing else does. */
export const TRACKED_KEYS: readonly string[] = [CANNOT_FORM_KEY, FIRST_MISS_KEY];
/** What is read with everything else: a token that is lost leads to a membership, which is told. */
export const TELLING_KEYS: readonly string[] = [...TOTEM_STATES.map(tokenLostKey), ...TRACKED_KEYS];

/** What moves all the time. */
export const TOTEM_FIGURES = {
  rotationMs: `${SRP}mtt_rx_token`,
  workloadMs: `${SRP}avg_token_workload`,
  retransmits: `${SRP}mcast_retx`,
  droppedMessages: `${SRP}rx_msg_dropped`,
  consensusTimeouts: `${SRP}consensus_timeouts`,
} as const;

/** corosync remembers so many. */
export const MOST_MISSES = 10;

export function missKeys(index: number): { readonly at: string; readonly delay: string } {
  const of = `stats.schedmiss.${index}.`;
  return { at: `${of}timestamp`, delay: `${of}delay` };
}

export function linkPrefix(nodeId: number, link: number): string {
  return `stats.knet.node${nodeId}.link${link}.`;
}

export function downCountKey(nodeId: number, link: number): string {
  return `${linkPrefix(nodeId, link)}down_count`;
}

export const LATENCY_NAMES = ['latency_ave', 'latency_min', 'latency_max', 'latency_samples'] as const;
export const TRAFFIC_NAMES = [
  'tx_total_packets',
  'tx_total_bytes',
  'rx_total_packets',
  'rx_total_bytes',
  'tx_total_errors',
] as const;

export const IPC_PREFIX = 'stats.ipcs.';
export const IPC_GLOBAL = {
  active: `${IPC_PREFIX}global.active`,
  closed: `${IPC_PREFIX}global.closed`,
} as const;

const CONNECTION_NAME = /^(stats\.ipcs\.service\d+\..+\.)procname$/;

/** What the keys of a connection begin with, by the one that has the name of its process; `undefined`: it is another key. */
export function connectionOfName(key: string): string | undefined {
  return CONNECTION_NAME.exec(key)?.[1];
}

export const IPC_NAMES = ['procname', 'requests', 'overload', 'send_retries', 'queued'] as const;

/** Of a reload: begun, and not ended. */
export const RELOADING_KEY = 'config.totemconfig_reload_in_progress';
/** Of a file that could be read, and is taken over. */
export const TAKING_OVER_KEY = 'config.reload_in_progress';
export const RELOAD_STATUS_KEY = 'config.reload_status';
export const RELOAD_MESSAGE_KEY = 'config.reload_error_message';
export const CONFIG_VERSION_KEY = 'totem.config_version';
export const CONFIG_KEYS = [
  RELOADING_KEY,
  TAKING_OVER_KEY,
  RELOAD_STATUS_KEY,
  RELOAD_MESSAGE_KEY,
  CONFIG_VERSION_KEY,
] as const;
