import type { ClusterConfigDrift, ClusterState } from '../../index.ts';
import { nameOf } from './names.ts';

/** So many are named in one line. */
const MOST_IN_A_LINE = 3;

/** One difference between corosync.conf and what runs, in the words of the event `config.drift`. */
function driftText({ nodes }: ClusterState, { key, nodeId, file, running }: ClusterConfigDrift): string {
  const node = nodeId === undefined ? undefined : (nodes.find(({ id }) => id === nodeId) ?? { id: nodeId });
  if (node !== undefined && key === 'nodelist.node.nodeid') {
    const where = file === undefined ? 'at run time and not in the file' : 'in the file and not at run time';
    return `${nameOf(node)} is ${where}`;
  }
  const what = node === undefined ? key : `${key.replace('nodelist.node.', '')} of ${nameOf(node)}`;
  return `${what} is ${file ?? 'not set'} in the file and ${running ?? 'not set'} at run time`;
}

/** The first of them, as part of a sentence. */
export function driftsText(state: ClusterState, drift: readonly ClusterConfigDrift[]): string {
  const shown = drift.slice(0, MOST_IN_A_LINE).map((one) => driftText(state, one));
  const more = drift.length > shown.length ? `, and ${drift.length - shown.length} more` : '';
  return `${shown.join(', ')}${more}`;
}

/** What corosync takes from its file only when it starts. */
const UNTIL_RESTART: ReadonlySet<string> = new Set([
  'totem.cluster_name',
  'totem.transport',
  'totem.ip_version',
  'totem.netmtu',
  'totem.version',
  'quorum.provider',
]);

/** So many are named on the screen. */
const MOST_ON_SCREEN = 8;

/** Each in a sentence of its own; those that a reload does not take over say so. */
export function driftSentences(state: ClusterState, drift: readonly ClusterConfigDrift[]): string[] {
  const shown = drift.slice(0, MOST_ON_SCREEN).map((one) => {
    const stays = UNTIL_RESTART.has(one.key) ? ', until corosync is started again' : '';
    return `${driftText(state, one)}${stays}`;
  });
  const rest = drift.length - shown.length;
  return rest === 0 ? shown : [...shown, `and ${rest} more, which status --json has`];
}
