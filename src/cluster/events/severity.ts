import {
  CLUSTER_SEVERITIES,
  type ClusterEventType,
  type ClusterSeverity,
  type Finding,
} from './event-types.ts';

const SEVERITIES: Readonly<Record<ClusterEventType, ClusterSeverity>> = {
  snapshot: 'info',
  stale: 'error',
  settling: 'info',
  fresh: 'info',
  overflow: 'warning',
  'quorum.lost': 'critical',
  'quorum.regained': 'notice',
  'quorum.waiting_for_all': 'warning',
  'quorum.tolerance': 'notice',
  'quorum.expected_votes': 'notice',
  'member.joined': 'notice',
  'member.left': 'notice',
  'member.failed': 'critical',
  'member.restarted': 'warning',
  'ring.churn': 'warning',
  'qdevice.lost': 'warning',
  'qdevice.vote_lost': 'warning',
  'qdevice.back': 'notice',
  'link.down': 'warning',
  'link.up': 'notice',
  'link.flapped': 'warning',
  'link.added': 'notice',
  'link.removed': 'notice',
  'link.mtu': 'warning',
  'token.silent': 'warning',
  'token.lost': 'warning',
  'totem.cannot_form': 'critical',
  'sched.miss': 'warning',
  'reload.ok': 'notice',
  'reload.failed': 'error',
  'reload.stuck': 'error',
  'config.mismatch': 'warning',
  'config.drift': 'warning',
  'config.mistake': 'warning',
  'ipc.overload': 'warning',
  'corosync.up': 'notice',
  'corosync.down': 'critical',
  'corosync.denied': 'critical',
};

export const EVENT_TYPES = Object.keys(SEVERITIES) as readonly ClusterEventType[];

/** How much an event matters if its user does not say otherwise. */
export function defaultSeverity(finding: Finding): ClusterSeverity {
  const severity = bySeriousness(finding);
  return finding.explainedBy === undefined || rank(severity) < rank('notice') ? severity : 'notice';
}

/** Whether one matters at least as much as the other. */
export function isAtLeast(severity: ClusterSeverity, least: ClusterSeverity): boolean {
  return rank(severity) >= rank(least);
}

function bySeriousness(finding: Finding): ClusterSeverity {
  if (finding.type === 'quorum.tolerance' && finding.to === 0) return 'warning';
  if (finding.type === 'link.down' && finding.last) return 'critical';
  if (finding.type === 'config.drift' && finding.drift.length === 0) return 'notice';
  if (finding.type === 'config.mistake' && finding.mistake === undefined) return 'notice';
  if (finding.type === 'link.mtu' && finding.to > finding.from) return 'notice';
  return SEVERITIES[finding.type];
}

function rank(severity: ClusterSeverity): number {
  return CLUSTER_SEVERITIES.indexOf(severity);
}
