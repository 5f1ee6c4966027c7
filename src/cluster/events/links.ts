import type { ClusterLink, ClusterState } from '../cluster-state.ts';
import { STATISTICS_EACH_MS } from '../pace.ts';
import type { ClusterEventCause, Finding } from './event-types.ts';
import { linkName, membersOf, nodeName, type Comparison } from './told.ts';

/** What became of the links; those of a node that came or went are explained by that. */
export function linkFindings(comparison: Comparison, members: readonly Finding[]): readonly Finding[] {
  const { previous, next, since } = comparison;
  if (previous.links === undefined || next.links === undefined) return [];
  const before = new Map(previous.links.map((link) => [linkName(link), link]));
  const after = new Map(next.links.map((link) => [linkName(link), link]));
  const findings: Finding[] = [];
  for (const [name, link] of before) {
    if (!after.has(name)) findings.push(cameOrWent('link.removed', next, link));
  }
  for (const [name, link] of after) {
    const was = before.get(name);
    if (was === undefined) findings.push(cameOrWent('link.added', next, link));
    else findings.push(...changes(comparison, was, link));
  }
  return findings.map((finding) => {
    const explainedBy = explanation(comparison, members, finding);
    return {
      notBefore: since,
      inferred: true,
      ...finding,
      ...(explainedBy === undefined ? {} : { explainedBy }),
    };
  });
}

function cameOrWent(
  type: 'link.added' | 'link.removed',
  state: ClusterState,
  { nodeId, link }: ClusterLink,
): Finding {
  const words = type === 'link.added' ? 'is new' : 'is gone';
  return { type, nodeId, link, message: `Link ${link} to ${nodeName(state, nodeId)} ${words}.` };
}

function* changes(
  { next, since, now, shrunk }: Comparison,
  was: ClusterLink,
  is: ClusterLink,
): Generator<Finding> {
  const { nodeId, link } = is;
  const to = nodeName(next, nodeId);
  const downs = (is.flaps ?? 0) - (was.flaps ?? 0);
  const wentDown = was.connected && !is.connected;
  const times = wentDown ? downs - 1 : downs;
  if (times > 0) {
    const message = `Link ${link} to ${to} went down ${times === 1 ? 'once' : `${times} times`}, and came back.`;
    const notBefore = new Date(flapNotBefore(since, now));
    yield { type: 'link.flapped', nodeId, link, times, message, notBefore };
  }
  if (wentDown) yield down(next, is);
  if (!was.connected && is.connected) {
    yield { type: 'link.up', nodeId, link, message: `Link ${link} to ${to} is up.` };
  }
  if (was.mtu === undefined || is.mtu === undefined || !is.connected) return;
  // knet begins with a small one, and finds out then that more goes.
  if (is.mtu < was.mtu || (is.mtu > was.mtu && shrunk.has(linkName(is)))) {
    const message = `MTU of link ${link} to ${to}: ${was.mtu} -> ${is.mtu}.`;
    yield { type: 'link.mtu', nodeId, link, message, from: was.mtu, to: is.mtu };
  }
}

function down(state: ClusterState, { nodeId, link }: ClusterLink): Finding {
  const others = (state.links ?? []).filter((other) => other.nodeId === nodeId && other.connected);
  const numbers = others.map((other) => String(other.link));
  const rest =
    numbers.length === 0
      ? 'no other is up'
      : `${numbers.length === 1 ? 'link' : 'links'} ${numbers.join(', ')} ${numbers.length === 1 ? 'carries' : 'carry'} on`;
  const message = `Link ${link} to ${nodeName(state, nodeId)} is down; ${rest}.`;
  return { type: 'link.down', nodeId, link, last: others.length === 0, message };
}

/** The node came or went, or is away. */
function explanation(
  { previous, next, gap, lastMember, downWithNode, now, since }: Comparison,
  members: readonly Finding[],
  finding: Finding,
): ClusterEventCause | undefined {
  if (!('nodeId' in finding)) return undefined;
  const { nodeId } = finding;
  const told = members.find((member) => 'nodeId' in member && member.nodeId === nodeId);
  if (told !== undefined) return { type: told.type, nodeId };
  const last = lastMember.get(nodeId);
  // Away it was before, and why has been told.
  if (!membersOf(previous).has(nodeId) && !membersOf(next).has(nodeId)) return last?.cause;
  if (finding.type === 'link.up' && downWithNode.has(linkName(finding))) return last?.cause;
  if (finding.type !== 'link.flapped') return undefined;
  // It may be older than what was told of the node: the count comes late.
  const mayPrecede =
    last !== undefined && last.at.getTime() >= flapNotBefore(since, now) - STATISTICS_EACH_MS;
  return gap ?? (mayPrecede ? last.cause : undefined);
}

/** Milliseconds of the clock. */
function flapNotBefore(since: Date, now: Date): number {
  return Math.min(since.getTime(), now.getTime() - STATISTICS_EACH_MS);
}

/** The links that are down because their node went away: those that were, those whose going down that explains, and those of nodes that are away. */
export function downWithNode(
  before: ReadonlySet<string>,
  state: ClusterState,
  findings: readonly Finding[],
): ReadonlySet<string> {
  const explained = new Set(before);
  for (const finding of findings) {
    if (finding.type === 'link.down' && finding.explainedBy !== undefined) explained.add(linkName(finding));
  }
  const members = membersOf(state);
  const down = (state.links ?? []).filter(({ connected }) => !connected);
  return new Set(
    down.filter((link) => explained.has(linkName(link)) || !members.has(link.nodeId)).map(linkName),
  );
}

/** The links whose MTU has been told to have become smaller. */
export function shrunkLinks(before: ReadonlySet<string>, findings: readonly Finding[]): ReadonlySet<string> {
  const shrunk = new Set(before);
  for (const finding of findings) {
    if (finding.type === 'link.removed') shrunk.delete(linkName(finding));
    if (finding.type !== 'link.mtu') continue;
    if (finding.to < finding.from) shrunk.add(linkName(finding));
    else shrunk.delete(linkName(finding));
  }
  return shrunk;
}
