import type { VotequorumFlag, VotequorumInfo } from '../codec/votequorum/get-info.ts';
import type {
  ClusterNode,
  ClusterQdevice,
  ClusterQuorumIfLost,
  ClusterVoteFlag,
  ClusterVotes,
} from './cluster-state.ts';
import { failureTolerance, failureToleranceAtBest, quorumIfLost, type VoteCount } from './loss.ts';
import type { MapReader } from './map-reader.ts';
import { present } from './present.ts';
import type { ClusterReports } from './reports.ts';

/** How quorum comes about; `undefined` where votequorum has not said it. */
export function quorumVotes(
  reports: ClusterReports,
  map: MapReader,
  nodes: readonly ClusterNode[],
): ClusterVotes | undefined {
  const local = reports.votes?.get(reports.localNodeId);
  if (local === undefined) return undefined;
  const members = nodes.filter(({ state }) => state === 'member').map(({ id }) => id);
  const count = voteCount(local, members, reports);
  return Object.freeze({
    expected: local.expectedVotes,
    highestExpected: local.highestExpected,
    total: local.totalVotes,
    needed: local.quorum,
    flags: Object.freeze(local.flags.filter(isNoDeviceFlag)),
    ...present('waitingForAll', waitingForAll(local, map)),
    failureTolerance: failureTolerance(count),
    failureToleranceAtBest: failureToleranceAtBest(count),
    ...present('qdevice', qdevice(local)),
  });
}

/** What quorum would be without this member. */
export function ifLost(
  id: number,
  members: readonly number[],
  reports: ClusterReports,
): ClusterQuorumIfLost | undefined {
  const local = reports.votes?.get(reports.localNodeId);
  if (local === undefined || !members.includes(id)) return undefined;
  return quorumIfLost(voteCount(local, members, reports), reports.votes?.get(id)?.votes);
}

/** The quorum device that is registered on a node. */
export function nodeDevice(info: VotequorumInfo | undefined): ClusterNode['qdevice'] | undefined {
  if (info?.flags.includes('qdevice-registered') !== true) return undefined;
  return Object.freeze({
    alive: info.flags.includes('qdevice-alive'),
    castsVote: info.flags.includes('qdevice-cast-vote'),
    masterWins: info.flags.includes('qdevice-master-wins'),
  });
}

function qdevice(info: VotequorumInfo): ClusterQdevice | undefined {
  const device = nodeDevice(info);
  if (device === undefined) return undefined;
  return Object.freeze({ name: info.qdeviceName, votes: info.qdeviceVotes, ...device });
}

/** A device counts that is registered anywhere: it may give its votes to whoever is left. */
function voteCount(local: VotequorumInfo, members: readonly number[], reports: ClusterReports): VoteCount {
  const infos = members.map((id) => reports.votes?.get(id));
  const anyHas = (flag: VotequorumFlag): boolean => infos.some((info) => info?.flags.includes(flag) === true);
  return {
    quorate: reports.quorate,
    needed: local.quorum,
    expected: local.expectedVotes,
    members: infos.map((info) => info?.votes),
    deviceVotes: anyHas('qdevice-registered') ? local.qdeviceVotes : 0,
    masterWins: anyHas('qdevice-master-wins'),
    autoTieBreaker: local.flags.includes('auto-tie-breaker'),
    lastManStanding: local.flags.includes('last-man-standing'),
  };
}

/** corosync keeps it in the map, and only where it waits for all. */
function waitingForAll({ flags }: VotequorumInfo, map: MapReader): boolean | undefined {
  if (!flags.includes('wait-for-all')) return false;
  const status = map.integer('runtime.votequorum.wait_for_all_status');
  return status === undefined ? undefined : status !== 0;
}

function isNoDeviceFlag(flag: VotequorumFlag): flag is ClusterVoteFlag {
  return !flag.startsWith('qdevice-');
}
