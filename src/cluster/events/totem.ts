import type { ClusterState } from '../cluster-state.ts';
import type { ClusterScheduleMiss } from '../figures/figures-state.ts';
import type { Finding } from './event-types.ts';
import { nodeName, type Comparison } from './told.ts';

/** How the token fared, and corosync on its processor. */
export function* totemFindings(
  { previous, next, since, restarted, gap, losses: times = 0 }: Comparison,
  members: readonly Finding[],
): Generator<Finding> {
  const found = { notBefore: since, inferred: true };
  if (times > 0) {
    const cause = members.find(({ type }) => type === 'member.failed' || type === 'member.restarted');
    const message = `The token was lost${times === 1 ? '' : ` ${times} times`}.`;
    const explainedBy =
      cause !== undefined && 'nodeId' in cause ? { type: cause.type, nodeId: cause.nodeId } : gap;
    yield { type: 'token.lost', times, message, ...found, explainedBy };
  }
  if (next.totem?.cannotForm === true && previous.totem?.cannotForm !== true) {
    const message =
      'Corosync cannot form a cluster: is a firewall in the way, or has a network interface failed?';
    yield { type: 'totem.cannot_form', message, ...found };
  }
  for (const miss of newMisses(previous, next, restarted)) {
    const message = `Corosync was not scheduled for ${seconds(miss.delayMs)} s.`;
    yield { type: 'sched.miss', message, at: miss.at, delayMs: miss.delayMs, ...found };
  }
}

/** The token was away for so long, as corosync has measured it. */
export function silenceFinding(state: ClusterState, silenceMs: number, tokenMs: number): Finding {
  const message = `No token for ${seconds(silenceMs)} of ${seconds(tokenMs)} s at ${nodeName(state, state.localNodeId)}.`;
  return { type: 'token.silent', silenceMs, tokenMs, message };
}

/** The ring was formed again and again for no reason that the members give. */
export function churnFinding(times: number, withinMs: number): Finding {
  const minutes = Math.round(withinMs / 60_000);
  const message = `The ring was formed anew ${times} times in ${minutes} min: is the network asymmetric?`;
  return { type: 'ring.churn', times, withinMs, message };
}

/** The oldest first. */
function newMisses(
  previous: ClusterState,
  next: ClusterState,
  restarted: boolean,
): readonly ClusterScheduleMiss[] {
  const known = restarted ? undefined : previous.scheduling?.misses[0]?.at.getTime();
  const misses = next.scheduling?.misses ?? [];
  return misses.filter(({ at }) => known === undefined || at.getTime() > known).reverse();
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1);
}
