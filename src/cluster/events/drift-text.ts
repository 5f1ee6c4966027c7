import type { ClusterState } from '../cluster-state.ts';
import type { ClusterConfigDrift, ClusterConfigMistake } from '../figures/figures-state.ts';
import { nodeName } from './told.ts';

/** So many are named in one sentence. */
const MOST_SHOWN = 3;

/** One difference between corosync.conf and what runs. */
export function driftText(state: ClusterState, { key, nodeId, file, running }: ClusterConfigDrift): string {
  const node = nodeId === undefined ? undefined : nodeName(state, nodeId);
  if (node !== undefined && key === 'nodelist.node.nodeid') {
    const where = file === undefined ? 'at run time and not in the file' : 'in the file and not at run time';
    return `${node} is ${where}`;
  }
  const what = node === undefined ? key : `${key.replace('nodelist.node.', '')} of ${node}`;
  return `${what} is ${file ?? 'not set'} in the file and ${running ?? 'not set'} at run time`;
}

/** What is wrong, and what of it; without a full stop. */
export function mistakeText({ line, reason }: ClusterConfigMistake): string {
  return `corosync.conf has a mistake in line ${line} (${reason}): corosync can neither reload it nor start with it`;
}

/** That there are some, and the first of them; without a full stop. */
export function driftsText(state: ClusterState, drift: readonly ClusterConfigDrift[]): string {
  const shown = drift.slice(0, MOST_SHOWN).map((one) => driftText(state, one));
  const more = drift.length > MOST_SHOWN ? `, and ${drift.length - MOST_SHOWN} more` : '';
  return `corosync.conf is not what corosync runs with: ${shown.join(', ')}${more}`;
}
