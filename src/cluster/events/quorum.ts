import type { ClusterNode, ClusterQdevice, ClusterState } from '../cluster-state.ts';
import { present } from '../present.ts';
import type { Finding } from './event-types.ts';
import { nodeName, type Comparison } from './told.ts';

/** Whether the cluster may work, and on what that stands. */
export function quorumFindings(comparison: Comparison): readonly Finding[] {
  return [...quorateFindings(comparison), ...votesFindings(comparison), ...deviceFindings(comparison)];
}

/** In a gap only the last word counts, and only if all is different now. */
function quorateFindings({ previous, next, told, restarted, since, gap }: Comparison): readonly Finding[] {
  let { quorate } = previous.quorum;
  const findings: Finding[] = [];
  for (const event of restarted ? [] : told) {
    if (event.kind !== 'quorum' || event.quorate === quorate) continue;
    quorate = event.quorate;
    findings.push({ ...quorumFinding(next, quorate), notBefore: event.at, inferred: false });
  }
  if (quorate !== next.quorum.quorate)
    findings.push({ ...quorumFinding(next, next.quorum.quorate), notBefore: since, inferred: true });
  if (gap === undefined) return findings;
  const lasting = previous.quorum.quorate === next.quorum.quorate ? undefined : findings.at(-1);
  return findings.map((finding) => (finding === lasting ? finding : { ...finding, explainedBy: gap }));
}

function quorumFinding({ quorum: { votes } }: ClusterState, quorate: boolean): Finding {
  const counts = { ...present('total', votes?.total), ...present('needed', votes?.needed) };
  const words =
    votes === undefined ? '' : `: ${votes.total} of ${votes.expected} votes, ${votes.needed} needed`;
  return quorate
    ? { type: 'quorum.regained', message: `The cluster is quorate again${words}.`, ...counts }
    : { type: 'quorum.lost', message: `Quorum is lost${words}.`, ...counts };
}

function* votesFindings({ previous, next, since }: Comparison): Generator<Finding> {
  const [before, after] = [previous.quorum.votes, next.quorum.votes];
  if (before === undefined || after === undefined) return;
  const found = { notBefore: since, inferred: true };
  if (before.expected !== after.expected) {
    const message = `Expected votes: ${before.expected} -> ${after.expected}.`;
    yield { type: 'quorum.expected_votes', message, from: before.expected, to: after.expected, ...found };
  }
  if (after.waitingForAll === true && before.waitingForAll !== true) yield { ...waiting(next), ...found };
  // One that is inquorate has none, and that is told.
  if (!previous.quorum.quorate || !next.quorum.quorate) return;
  const [from, to] = [before.failureTolerance, after.failureTolerance];
  if (from !== to) yield { type: 'quorum.tolerance', message: tolerance(next, to), from, to, ...found };
}

function waiting(state: ClusterState): Finding {
  const missing = state.nodes.filter(({ state: is }) => is !== 'member').map(({ id }) => id);
  const who = missing.map((id) => nodeName(state, id)).join(', ');
  const message = `There is no quorum until all nodes have been there at once${who === '' ? '' : `; ${who} missing`}.`;
  return { type: 'quorum.waiting_for_all', message, missing: Object.freeze(missing) };
}

function tolerance(state: ClusterState, to: number): string {
  if (to > 0) return `The cluster can lose ${to} ${to === 1 ? 'node' : 'nodes'}.`;
  const fatal = state.nodes.filter(({ ifLost }) => ifLost !== undefined && ifLost !== 'quorate');
  const names = fatal.map(({ id }) => nodeName(state, id)).join(' or ');
  return names === '' ? 'The cluster can lose no node.' : `Losing ${names} now could cost quorum.`;
}

type Device = Pick<ClusterQdevice, 'alive' | 'castsVote'>;

/** Of each node that is a member before and after: of others nothing is known. */
function* deviceFindings({ previous, next, since }: Comparison): Generator<Finding> {
  const found = { notBefore: since, inferred: true };
  for (const node of next.nodes) {
    const before = previous.nodes.find(({ id }) => id === node.id);
    if (before?.state !== 'member' || node.state !== 'member') continue;
    const finding = deviceFinding(node, before.qdevice, node.qdevice);
    if (finding !== undefined) yield { ...finding, ...found };
  }
}

function deviceFinding(
  { id: nodeId, name = `node ${nodeId}` }: ClusterNode,
  before: Device | undefined,
  after: Device | undefined,
): Finding | undefined {
  const [was, is] = [deviceState(before), deviceState(after)];
  if (was === is) return undefined;
  if (is === 'lost')
    return { type: 'qdevice.lost', nodeId, message: `The quorum device of ${name} is lost.` };
  if (is === 'votes') return { type: 'qdevice.back', nodeId, message: `The quorum device of ${name} votes.` };
  if (was !== 'votes') return undefined;
  return {
    type: 'qdevice.vote_lost',
    nodeId,
    message: `The quorum device of ${name} no longer votes for it.`,
  };
}

function deviceState(device: Device | undefined): 'lost' | 'alive' | 'votes' {
  if (device?.alive !== true) return 'lost';
  return device.castsVote ? 'votes' : 'alive';
}
