import type { CsError } from '../../errors/index.ts';
import type { ClusterStaleReason, ClusterState } from '../cluster-state.ts';
import type { ClusterConfigDrift, ClusterConfigMistake } from '../figures/figures-state.ts';

/** How much an event matters. */
export type ClusterSeverity = 'info' | 'notice' | 'warning' | 'error' | 'critical';

/** The least first. */
export const CLUSTER_SEVERITIES = [
  'info',
  'notice',
  'warning',
  'error',
  'critical',
] as const satisfies ClusterSeverity[];

interface OfNode {
  /** The node that it is about. */
  readonly nodeId: number;
}

interface OfLink extends OfNode {
  /** The number of the link to that node. */
  readonly link: number;
}

interface FromTo<T> {
  readonly from: T;
  readonly to: T;
}

interface OfTrouble {
  /** What was seen of it. */
  readonly error?: CsError;
}

/** What each event has beside what all have. */
export interface ClusterEventDetails {
  /** What holds as the reader begins, or as it goes on after an overflow. */
  readonly snapshot: object;
  /** Nothing is known to hold any more. */
  readonly stale: OfTrouble & { readonly why: ClusterStaleReason };
  /** corosync is there again, or answers again, and is finding out what holds; or it takes longer than a second to. */
  readonly settling: object;
  /** After `stale` or `settling`: all holds again, and what has changed meanwhile has been told. */
  readonly fresh: object;
  /** The reader was too slow: so many events are missing. A snapshot follows. */
  readonly overflow: { readonly missed: number };
  /** The cluster may not work: it has `total` votes, and needs `needed`. */
  readonly 'quorum.lost': { readonly total?: number; readonly needed?: number };
  /** It may work again. */
  readonly 'quorum.regained': { readonly total?: number; readonly needed?: number };
  /** Inquorate until all nodes have been there at once. */
  readonly 'quorum.waiting_for_all': { readonly missing: readonly number[] };
  /** How many nodes can be lost. */
  readonly 'quorum.tolerance': FromTo<number>;
  /** The votes that this node expects there to be are others. */
  readonly 'quorum.expected_votes': FromTo<number>;
  /** A node is a member. */
  readonly 'member.joined': OfNode;
  /** It took its leave; or nothing tells whether it did. */
  readonly 'member.left': OfNode;
  /** It vanished: its token was lost. */
  readonly 'member.failed': OfNode;
  /** It is here, and was: corosync has started again there before it was missed. */
  readonly 'member.restarted': OfNode;
  /** The ring was formed again and again, though nobody came, and nobody left in good order. */
  readonly 'ring.churn': { readonly times: number; readonly withinMs: number };
  /** The quorum device of a node is not there any more, or does not report. */
  readonly 'qdevice.lost': OfNode;
  /** It is there, and gives its votes to somebody else, or to nobody. */
  readonly 'qdevice.vote_lost': OfNode;
  /** It reports, and votes for the node. */
  readonly 'qdevice.back': OfNode;
  /** `last`: no other link to the node is up. */
  readonly 'link.down': OfLink & { readonly last: boolean };
  /** The other node answers on it. */
  readonly 'link.up': OfLink;
  /** It went down and came back, too fast to be seen. */
  readonly 'link.flapped': OfLink & { readonly times: number };
  /** It is configured, and was not. */
  readonly 'link.added': OfLink;
  /** It is not configured any more. */
  readonly 'link.removed': OfLink;
  /** It carries smaller packets than before, or as large ones again. */
  readonly 'link.mtu': OfLink & FromTo<number>;
  /** It was away for more than half the time after which it is lost. */
  readonly 'token.silent': { readonly silenceMs: number; readonly tokenMs: number };
  /** The token did not come in time, so many `times`. */
  readonly 'token.lost': { readonly times: number };
  /** corosync cannot form a cluster: a firewall, or a network interface, stands in the way. */
  readonly 'totem.cannot_form': object;
  /** corosync was not scheduled in time. */
  readonly 'sched.miss': { readonly at: Date; readonly delayMs: number };
  /** The configuration was read again; `version` is what it says of itself. */
  readonly 'reload.ok': { readonly version?: bigint };
  /** `reason`: what corosync says of it, if it does. */
  readonly 'reload.failed': { readonly reason?: string };
  /** Votequorum looks at no change of the configuration until a reload is good. */
  readonly 'reload.stuck': object;
  /** Nodes run different versions of the configuration. */
  readonly 'config.mismatch': { readonly versions: Readonly<Record<number, bigint>> };
  /** corosync.conf is not what corosync runs with: a reload or a restart changes something. */
  readonly 'config.drift': { readonly drift: readonly ClusterConfigDrift[] };
  /** corosync.conf has a mistake: corosync can neither reload it nor start with it. Absent: it has none any more. */
  readonly 'config.mistake': { readonly mistake?: ClusterConfigMistake };
  /** corosync was too busy for requests of these processes. */
  readonly 'ipc.overload': { readonly process: string; readonly times: number };
  /** This node's corosync is there again. */
  readonly 'corosync.up': object;
  /** This node's corosync is gone. */
  readonly 'corosync.down': OfTrouble;
  /** This node's corosync does not allow this user. */
  readonly 'corosync.denied': OfTrouble;
}

/** What can happen. */
export type ClusterEventType = keyof ClusterEventDetails;

/** Those that may come before anything of the cluster is known. */
type Early = 'stale' | 'overflow' | 'corosync.down' | 'corosync.denied';

/** What explains an event, so that it need not alarm. */
export interface ClusterEventCause {
  /** What has happened. */
  readonly type: ClusterEventType;
  /** The node to which it has. */
  readonly nodeId?: number;
}

/** What every event has. */
export interface ClusterEventBase<Type extends ClusterEventType> {
  /** What has happened. */
  readonly type: Type;
  /** How much it matters; one that is explained is a notice at most. */
  readonly severity: ClusterSeverity;
  /** A sentence in English for a person. It may change with versions: programs look at `type`. */
  readonly message: string;
  /** When it was noticed here. */
  readonly heardAt: Date;
  /** It has not happened before: then it was known to be otherwise. */
  readonly notBefore: Date;
  /** corosync did not tell it: it was found by comparing with what was known before. */
  readonly inferred: boolean;
  /** What explains it; absent: nothing that is known. */
  readonly explainedBy?: ClusterEventCause;
}

/** Something that has happened to the cluster. */
export type ClusterEvent = {
  [Type in ClusterEventType]: ClusterEventBase<Type> &
    Readonly<ClusterEventDetails[Type]> & {
      /** The cluster just after it; of some absent, where nothing has been known yet. */
      readonly state: ClusterState | (Type extends Early ? undefined : never);
    };
}[ClusterEventType];

/** An event as it is found, before it is told. */
export type Finding = {
  [Type in ClusterEventType]: {
    readonly type: Type;
    readonly message: string;
    readonly notBefore?: Date;
    readonly inferred?: boolean;
    readonly explainedBy?: ClusterEventCause | undefined;
  } & Readonly<ClusterEventDetails[Type]>;
}[ClusterEventType];
