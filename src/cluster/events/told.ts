import type { QuorumRingId } from '../../quorum/index.ts';
import type { ClusterState } from '../cluster-state.ts';
import type { KnownDrift, KnownMistake } from '../drift/drift.ts';
import type { LinkName } from '../figures/read-figures.ts';
import type { ClusterEventCause } from './event-types.ts';

/** What corosync has told, as it came. */
export type Told =
  | {
      readonly kind: 'membership';
      readonly at: Date;
      readonly ring: QuorumRingId;
      readonly members: readonly number[];
      readonly joined: readonly number[];
      readonly left: readonly number[];
    }
  | { readonly kind: 'quorum'; readonly at: Date; readonly quorate: boolean }
  | { readonly kind: 'reload'; readonly at: Date; readonly ok: boolean };

export type ToldMembership = Extract<Told, { kind: 'membership' }>;

/** What became of a node. */
export interface ToldMember {
  readonly cause: ClusterEventCause;
  /** When it was told. */
  readonly at: Date;
}

/** What two states are compared with: what was told between them. */
export interface Comparison {
  /** What was known, and has been told to readers. */
  readonly previous: ClusterState;
  readonly next: ClusterState;
  readonly told: readonly Told[];
  /** When `next` was found. */
  readonly now: Date;
  /** What was asked for last before that still was as in `previous`. */
  readonly since: Date;
  /** Where corosync.conf differed when that was known last; `undefined`: it never was. */
  readonly driftBefore: KnownDrift | undefined;
  /** Whether corosync.conf had a mistake when that was known last; `undefined`: it never was. */
  readonly mistakeBefore: KnownMistake | undefined;
  /** Between them corosync was away, or may have been; what explains then what has not lasted. */
  readonly gap: ClusterEventCause | undefined;
  /** It is another corosync: it began with counters at zero, and all that it was told then is its own start. */
  readonly restarted: boolean;
  /** How often the token was lost on the way to the memberships that were told; `undefined`: corosync does not count it, or it is another one. */
  readonly losses: number | undefined;
  /** Of each node, why it is away or there, as it was told before. */
  readonly lastMember: ReadonlyMap<number, ToldMember>;
  /** Links that are down because their node went away, as `linkName` names them. */
  readonly downWithNode: ReadonlySet<string>;
  /** Links whose MTU has become smaller, by the same names. */
  readonly shrunk: ReadonlySet<string>;
}

export function nodeName({ nodes }: ClusterState, nodeId: number): string {
  return nodes.find(({ id }) => id === nodeId)?.name ?? `node ${nodeId}`;
}

export function membersOf({ nodes }: ClusterState): Set<number> {
  return new Set(nodes.filter(({ state }) => state === 'member').map(({ id }) => id));
}

/** How often a node has joined. */
export function joinsOf({ nodes }: ClusterState, nodeId: number): number {
  return nodes.find(({ id }) => id === nodeId)?.joins ?? 0;
}

export function linkName({ nodeId, link }: LinkName): string {
  return `${nodeId}.${link}`;
}
