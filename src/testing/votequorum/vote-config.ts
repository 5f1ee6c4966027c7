import type { Keys } from '../cluster/keys.ts';

/** What corosync.conf says of votes, as votequorum reads it from the configuration map. */
export interface VoteConfig {
  /** Of this node. */
  readonly votes: number;
  readonly expectedVotes: number;
  readonly twoNode: boolean;
  readonly waitForAll: boolean;
  readonly autoTieBreaker: boolean;
  /** Undefined: no quorum device is configured. `votes` undefined: as they are. */
  readonly device: DeviceConfig | undefined;
}

export interface DeviceConfig {
  readonly votes: number | undefined;
  readonly timeoutMs: number;
  readonly syncTimeoutMs: number;
}

/** VOTEQUORUM_QDEVICE_DEFAULT_TIMEOUT, VOTEQUORUM_QDEVICE_DEFAULT_SYNC_TIMEOUT */
export const DEVICE_TIMEOUT_MS = 10_000;
export const DEVICE_SYNC_TIMEOUT_MS = 30_000;

export function readVoteConfig(keys: Keys): VoteConfig {
  const nodelist = readNodelist(keys);
  const given = keys.integer('quorum.expected_votes') ?? 0;
  const device = readDevice(keys);
  // Where nobody says otherwise, the device makes up for all nodes but one.
  const calculated =
    device !== undefined && device.votes === undefined && given === 0 && nodelist.nodes === nodelist.total
      ? nodelist.total - 1
      : undefined;
  const twoNode = keys.integer('quorum.two_node') === 1;
  return {
    votes: nodelist.votes,
    expectedVotes: given || nodelist.total + (calculated ?? 0),
    twoNode,
    waitForAll: (keys.integer('quorum.wait_for_all') ?? Number(twoNode)) === 1,
    autoTieBreaker: keys.integer('quorum.auto_tie_breaker') === 1,
    device: device && { ...device, votes: device.votes ?? calculated },
  };
}

/** The votes of a configured node. */
export function votesOfNode(keys: Keys, position: number): number {
  return keys.integer(`nodelist.node.${position}.quorum_votes`) ?? 1;
}

function readNodelist(keys: Keys): { votes: number; total: number; nodes: number } {
  const ours = keys.integer('nodelist.local_node_pos') ?? 0;
  let [total, nodes] = [0, 0];
  for (; keys.has(`nodelist.node.${nodes}.`); nodes++) total += votesOfNode(keys, nodes);
  return { votes: votesOfNode(keys, ours), total, nodes };
}

function readDevice(keys: Keys): DeviceConfig | undefined {
  if ((keys.text('quorum.device.model') ?? '') === '') return undefined;
  return {
    votes: keys.integer('quorum.device.votes'),
    timeoutMs: keys.integer('quorum.device.timeout') ?? DEVICE_TIMEOUT_MS,
    syncTimeoutMs: keys.integer('quorum.device.sync_timeout') ?? DEVICE_SYNC_TIMEOUT_MS,
  };
}
