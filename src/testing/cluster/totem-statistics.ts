import type { Statistics } from './statistics.ts';

const below = (name: string): string => `stats.srp.${name}`;

const COUNTERS = [
  'commit_entered',
  'commit_token_lost',
  'consensus_timeouts',
  'gather_entered',
  'gather_token_lost',
  'mcast_retx',
  'mcast_rx',
  'mcast_tx',
  'memb_commit_token_rx',
  'memb_commit_token_tx',
  'memb_join_rx',
  'memb_join_tx',
  'memb_merge_detect_rx',
  'memb_merge_detect_tx',
  'operational_entered',
  'operational_token_lost',
  'orf_token_rx',
  'orf_token_tx',
  'recovery_entered',
  'recovery_token_lost',
  'rx_msg_dropped',
  'time_since_token_last_received',
  'token_hold_cancel_rx',
  'token_hold_cancel_tx',
];
const MEASURES = [
  'avg_backlog_calc',
  'avg_token_workload',
  'continuous_gather',
  'continuous_sendmsg_failures',
  'mtt_rx_token',
];
/** From the first sign of a change to a ring. */
const STATES = ['gather_entered', 'commit_entered', 'recovery_entered', 'operational_entered'];
/** corosync keeps so many. */
const MISSES = 10;

/** How a change of the ring came about. `'silence'`: the token was missed, and somebody did not answer then. */
export type RingCause = 'join or leave' | 'silence' | 'lost token';

/** What totem counts, and how its messages are queued. */
export function beginTotemStatistics(statistics: Statistics): void {
  for (const name of COUNTERS) statistics.begin(below(name), { type: 'uint64', value: 0n });
  for (const name of MEASURES) statistics.begin(below(name), { type: 'uint32', value: 0 });
  statistics.begin(below('firewall_enabled_or_nic_failure'), { type: 'uint8', value: 0 });
  statistics.begin('stats.pg.msg_queue_avail', { type: 'uint32', value: 0 });
  statistics.begin('stats.pg.msg_reserved', { type: 'uint32', value: 2 });
  // It looks for others before it has a ring.
  statistics.count(below('gather_entered'));
}

/** A ring is formed. */
export function noteRing(statistics: Statistics, cause: RingCause): void {
  if (cause !== 'join or leave') statistics.count(below('operational_token_lost'));
  // Who has not answered within the consensus timeout is left out, and all begin again.
  if (cause === 'silence')
    for (const name of ['consensus_timeouts', 'gather_entered']) statistics.count(below(name));
  for (const name of STATES) statistics.count(below(name));
}

/** The last token came so long ago when corosync looked last. */
export function noteTokenSilence(statistics: Statistics, ms: number): void {
  statistics.put(below('time_since_token_last_received'), BigInt(ms));
}

/** corosync was not scheduled for so long. The last miss is number 0. */
export function noteMiss(statistics: Statistics, delayMs: number): void {
  const key = (miss: number, name: string): string => `stats.schedmiss.${miss}.${name}`;
  for (let miss = MISSES - 1; miss > 0; miss--) {
    const [timestamp, delay] = ['timestamp', 'delay'].map((name) => statistics.get(key(miss - 1, name)));
    if (timestamp?.type === 'uint64') statistics.put(key(miss, 'timestamp'), timestamp.value);
    if (delay?.type === 'float') statistics.put(key(miss, 'delay'), delay.value, 'float');
  }
  statistics.put(key(0, 'timestamp'), BigInt(Date.now()));
  statistics.put(key(0, 'delay'), delayMs, 'float');
}
