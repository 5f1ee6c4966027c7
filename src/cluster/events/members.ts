import type { Finding } from './event-types.ts';
import { joinsOf, membersOf, nodeName, type Comparison, type ToldMembership } from './told.ts';

type Departure = 'member.left' | 'member.failed';

/** Who came and who went: what corosync told of it, in order, and then what it did not. */
export function memberFindings(comparison: Comparison): readonly Finding[] {
  const { next, told, restarted } = comparison;
  const members = membersOf(comparison.previous);
  const finder = new MemberFinder(comparison, members);
  if (!restarted) {
    for (const event of told) if (event.kind === 'membership') finder.tell(event);
  }
  finder.compare(membersOf(next));
  return explained(comparison, finder.findings);
}

/** What corosync told while it had not found out yet is its own doing, but for the last word on a node of which all is different now. */
function explained({ gap, previous, next }: Comparison, findings: readonly Finding[]): readonly Finding[] {
  if (gap === undefined) return findings;
  const [before, after] = [membersOf(previous), membersOf(next)];
  const lasting = new Set([...before, ...after].filter((id) => before.has(id) !== after.has(id)));
  const all = [...findings].reverse().map((finding) => {
    const isLast = 'nodeId' in finding && lasting.delete(finding.nodeId);
    return isLast ? finding : { ...finding, explainedBy: gap };
  });
  return all.reverse();
}

class MemberFinder {
  readonly findings: Finding[] = [];
  readonly #comparison: Comparison;
  readonly #members: Set<number>;
  readonly #departure: Departure;

  constructor(comparison: Comparison, members: Set<number>) {
    this.#comparison = comparison;
    this.#members = members;
    this.#departure = departure(comparison);
  }

  tell({ at, members, joined, left }: ToldMembership): void {
    const told = { notBefore: at, inferred: false };
    for (const id of left) {
      if (joined.includes(id) && this.#members.has(id)) this.#restarted(id, told);
      else this.#left(id, told);
    }
    for (const id of joined) this.#joined(id, told);
    // What an event before it told has not reached us.
    const missed = { notBefore: this.#comparison.since, inferred: true };
    for (const id of [...this.#members]) if (!members.includes(id)) this.#left(id, missed);
    for (const id of members) this.#joined(id, missed);
  }

  compare(members: ReadonlySet<number>): void {
    const { previous, next, since, gap, told } = this.#comparison;
    const found = { notBefore: since, inferred: true };
    // corosync tells of memberships, or it does not: before 3.1.0, and without a provider of quorum.
    const tells = told.some(({ kind }) => kind === 'membership');
    for (const id of [...this.#members]) {
      if (!members.has(id)) this.#left(id, found);
      else if (gap === undefined && !tells && joinsOf(next, id) > joinsOf(previous, id))
        this.#restarted(id, found);
    }
    for (const id of members) this.#joined(id, found);
  }

  #left(nodeId: number, how: Pick<Finding, 'notBefore' | 'inferred'>): void {
    if (!this.#members.delete(nodeId)) return;
    const type = this.#departure;
    const words = type === 'member.failed' ? 'has vanished' : 'has left';
    this.#find({
      type,
      nodeId,
      message: `${this.#name(nodeId)} ${words}.`,
      ...how,
    });
  }

  #joined(nodeId: number, how: Pick<Finding, 'notBefore' | 'inferred'>): void {
    if (this.#members.has(nodeId)) return;
    this.#members.add(nodeId);
    const message = `${this.#name(nodeId)} has joined.`;
    this.#find({ type: 'member.joined', nodeId, message, ...how });
  }

  #restarted(nodeId: number, how: Pick<Finding, 'notBefore' | 'inferred'>): void {
    const message = `${this.#name(nodeId)} has left and come back at once: it has restarted, or stood still.`;
    this.#find({ type: 'member.restarted', nodeId, message, ...how });
  }

  #find(finding: Finding): void {
    this.findings.push(finding);
  }

  #name(nodeId: number): string {
    const { previous, next } = this.#comparison;
    const known = next.nodes.some(({ id }) => id === nodeId) ? next : previous;
    return nodeName(known, nodeId);
  }
}

/**
 * A node that takes its leave is not missed by the token, and one that vanishes is. Where fewer tokens were lost than memberships formed without somebody, it
 * is not known who vanished; nor after a gap, in which this node may have been the one that was missed.
 */
function departure({ told, gap, losses = 0 }: Comparison): Departure {
  const departures = told.filter((event) => event.kind === 'membership' && leftForGood(event)).length;
  return gap === undefined && losses > 0 && losses >= departures ? 'member.failed' : 'member.left';
}

function leftForGood({ left, joined }: ToldMembership): boolean {
  return left.some((id) => !joined.includes(id));
}
