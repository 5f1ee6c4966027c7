import type { ClusterLink, ClusterNode, ClusterState } from '../../index.ts';
import { driftsText, mistakeText } from '../../cluster/events/drift-text.ts';
import { counted, nameOf } from './names.ts';

/** How well something is, in the words and numbers of Nagios' plugins. */
export const LEVELS = ['ok', 'warning', 'critical', 'unknown'] as const;
export type Level = (typeof LEVELS)[number];

/** What can be looked at. */
export const SUBJECTS = ['quorum', 'links', 'members', 'all'] as const;
export type Subject = (typeof SUBJECTS)[number];

/** What is found of one thing, as part of a sentence. */
export interface Remark {
  readonly level: Level;
  readonly text: string;
  /** Fewer words, where the rest stands further down. */
  readonly onScreen?: string;
}

export interface VerdictOptions {
  /** Nodes that are not members are meant to be away, and so are their links. */
  readonly ignoreLeftNodes?: boolean;
  /** What else is found, where all is looked at. */
  readonly others?: readonly Remark[];
}

/** What is to be said of a subject, the worst first. Of a state that may not hold nothing is, but why. */
export function remarks(
  state: ClusterState,
  subject: Subject,
  { ignoreLeftNodes = false, others = [] }: VerdictOptions = {},
): readonly Remark[] {
  const doubt = doubtOf(state);
  if (doubt !== undefined) return [...formingRemarks(state), doubt];
  const all = [
    ...formingRemarks(state),
    ...(subject === 'links' || subject === 'members' ? [] : [quorumRemark(state, ignoreLeftNodes)]),
    ...(subject === 'quorum' || subject === 'links' ? [] : [membersRemark(state, ignoreLeftNodes)]),
    ...(subject === 'quorum' || subject === 'members' ? [] : linksRemarks(state)),
    ...(subject === 'all' ? [...configRemarks(state), ...others] : []),
  ];
  return all.sort((one, other) => rank(other.level) - rank(one.level));
}

/** The worst of them. */
export function worst(of: readonly Remark[]): Level {
  return of.reduce<Level>((level, remark) => (rank(remark.level) > rank(level) ? remark.level : level), 'ok');
}

function doubtOf({ freshness }: ClusterState): Remark | undefined {
  if (freshness.kind === 'fresh') return undefined;
  const text =
    freshness.kind === 'stale'
      ? `nothing is known any more: ${whyStale(freshness.why)}`
      : 'corosync is still finding out what the cluster is';
  return { level: 'unknown', text };
}

/** Whatever is asked for: while corosync cannot form a cluster, all it says of one is old. */
function formingRemarks({ totem, freshness }: ClusterState): readonly Remark[] {
  if (totem?.cannotForm !== true || freshness.kind === 'stale') return [];
  return [
    {
      level: 'critical',
      text: 'corosync cannot form a cluster: a firewall, or a network interface',
    },
  ];
}

/** Where all is well, nothing is said. */
function configRemarks(state: ClusterState): readonly Remark[] {
  return [...reloadRemarks(state.config), ...driftRemarks(state), ...mistakeRemarks(state.config)];
}

function mistakeRemarks({ mistake }: ClusterState['config']): readonly Remark[] {
  return mistake === undefined ? [] : [{ level: 'warning', text: mistakeText(mistake) }];
}

function driftRemarks(state: ClusterState): readonly Remark[] {
  const { drift = [] } = state.config;
  if (drift.length === 0) return [];
  const onScreen = `corosync.conf is not what corosync runs with: see ${counted(drift.length, 'difference')} below`;
  return [{ level: 'warning', text: driftsText(state, drift), onScreen }];
}

function reloadRemarks({ lastReload, stuck }: ClusterState['config']): readonly Remark[] {
  const hasFailed = lastReload?.ok === false;
  if (!hasFailed && !stuck) return [];
  const what = hasFailed ? 'the last reload FAILED' : 'a reload has not ended';
  const waits = stuck ? ': votequorum looks at no change until one is good' : '';
  return [{ level: 'warning', text: `${what}${waits}` }];
}

/** As a sentence without its end. */
export function whyStale(why: keyof typeof STALE): string {
  return `corosync is ${STALE[why]}`;
}

const STALE = {
  starting: 'being asked',
  disconnected: 'not there',
  denied: 'not to be used by this user',
  'not answering': 'not answering',
  closed: 'not asked any more',
} as const;

function quorumRemark(state: ClusterState, ignoreLeftNodes: boolean): Remark {
  const { quorate, votes } = state.quorum;
  if (votes === undefined) {
    const text = quorate ? 'quorate, for want of a provider of quorum' : 'NOT quorate';
    return { level: quorate ? 'ok' : 'critical', text };
  }
  if (!quorate) {
    const waits = votes.waitingForAll === true ? '; it waits for all nodes' : '';
    const text = `NOT quorate: ${votes.total} of ${votes.expected} votes, ${votes.needed} needed${waits}`;
    return { level: 'critical', text };
  }
  return toleranceRemark(state, votes, ignoreLeftNodes);
}

/** A whole cluster of one node, or of two without two_node, is as it was meant. */
function toleranceRemark(
  state: ClusterState,
  votes: NonNullable<ClusterState['quorum']['votes']>,
  ignoreLeftNodes: boolean,
): Remark {
  const { failureTolerance: least, failureToleranceAtBest: best } = votes;
  const isSilent = state.nodes.some(({ qdevice }) => qdevice?.alive === false);
  const device = isSilent ? '; the quorum device does not report' : '';
  const help = best > least ? `, ${best} if the quorum device or a rule helps` : '';
  const words = least === 0 ? 'no node can be lost' : `${counted(least, 'node')} can be lost`;
  const isLess = absent(state).length > 0 && !ignoreLeftNodes;
  const level = isSilent || (best === 0 && isLess) ? 'warning' : 'ok';
  return { level, text: `quorate, ${words}${help}${device}` };
}

function membersRemark(state: ClusterState, ignoreLeftNodes: boolean): Remark {
  const missing = absent(state);
  const members = state.nodes.length - missing.length;
  const all = `${members} of ${counted(state.nodes.length, 'node')}`;
  if (missing.length === 0) return { level: 'ok', text: all };
  const who = missing.map((node) => `${nameOf(node)} ${AWAY[node.state]}`).join(', ');
  return { level: ignoreLeftNodes ? 'ok' : 'warning', text: `${all}: ${who}` };
}

/** Why it is gone, its state does not say: it may have been cut off, or this node. */
const AWAY = {
  left: 'is gone',
  'never seen': 'was never seen',
  unknown: 'is unclear',
  member: 'is there',
} as const;

/** Links to a node that is away say nothing that the node does not. */
function linksRemarks(state: ClusterState): readonly Remark[] {
  const { links } = state;
  if (links === undefined) return [{ level: 'ok', text: 'links are not told by this corosync' }];
  const members = new Set(state.nodes.filter((node) => node.state === 'member').map(({ id }) => id));
  const ofMembers = links.filter(({ nodeId }) => members.has(nodeId));
  if (ofMembers.length === 0) {
    const isCutOff = links.length > 0 && !links.some(({ connected }) => connected);
    return [{ level: 'ok', text: isCutOff ? 'no link to another node is up' : 'no links to other members' }];
  }
  const down = ofMembers.filter(({ connected }) => !connected);
  const up = `${ofMembers.length - down.length} of ${counted(ofMembers.length, 'link')} up`;
  if (down.length === 0) return [{ level: 'ok', text: up }];
  const lonely = down.some(
    ({ nodeId }) => !ofMembers.some((link) => link.nodeId === nodeId && link.connected),
  );
  return [{ level: lonely ? 'critical' : 'warning', text: `${up}: ${whichAreDown(state, down, ofMembers)}` }];
}

function whichAreDown(
  { nodes }: ClusterState,
  down: readonly ClusterLink[],
  all: readonly ClusterLink[],
): string {
  const toAll = numbersOf(down).filter((link) => isDownToAll(link, all));
  const others = down.filter(({ link }) => !toAll.includes(link));
  const which = [
    ...toAll.map((link) => `link ${link} to all`),
    ...nodes.flatMap((node) => linksTo(node, others)),
  ];
  const hint = toAll.length > 0 ? ' (an interface of this node, or its network)' : '';
  return `${which.join(', ')} down${hint}`;
}

function numbersOf(links: readonly ClusterLink[]): readonly number[] {
  return [...new Set(links.map(({ link }) => link))].sort((one, other) => one - other);
}

/** One node that is not reached may be that node's own; two are not, together. */
function isDownToAll(number: number, links: readonly ClusterLink[]): boolean {
  const same = links.filter(({ link }) => link === number);
  return same.length > 1 && same.every(({ connected }) => !connected);
}

/** In few words: all links to a node may be down. */
function linksTo(node: ClusterNode, links: readonly ClusterLink[]): string[] {
  const numbers = links.filter(({ nodeId }) => nodeId === node.id).map(({ link }) => link);
  if (numbers.length === 0) return [];
  return [`${numbers.length === 1 ? 'link' : 'links'} ${numbers.join(' ')} to ${nameOf(node)}`];
}

/** Nodes that belong to the cluster, and are no members. */
export function absent({ nodes }: ClusterState): readonly ClusterNode[] {
  return nodes.filter(({ state }) => state !== 'member');
}

/** Not known is less than critical: what is known to be bad is bad. */
function rank(level: Level): number {
  return ['ok', 'unknown', 'warning', 'critical'].indexOf(level);
}
