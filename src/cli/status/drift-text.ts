import { driftText } from '../../cluster/events/drift-text.ts';
import type { ClusterConfigDrift, ClusterState } from '../../index.ts';

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
