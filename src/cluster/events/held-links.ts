import type { ClusterLink, ClusterState } from '../cluster-state.ts';
import { linkName, membersOf } from './told.ts';

/**
 * Holds back what may be explained in a moment. A node that vanishes is missed by its links before it is missed by the token, and one that comes is heard on
 * its links before it is a member: so what says that all links to a member are down, or that one to a node is up that is none, waits until corosync must have
 * found out.
 */
export class HeldLinks {
  /** When they are told in any case, on the clock of performance.now(). */
  readonly #until = new Map<string, number>();

  /** Whether anything is held back. */
  get any(): boolean {
    return this.#until.size > 0;
  }

  /** The next state, with the links that are held back as they were. @param holdMs as long as corosync may take to find out */
  hold(previous: ClusterState, next: ClusterState, now: number, holdMs: number): ClusterState {
    if (previous.links === undefined || next.links === undefined) return next;
    const members = membersOf(next);
    const before = new Map(previous.links.map((link) => [linkName(link), link]));
    const reachable = new Set(next.links.filter(({ connected }) => connected).map(({ nodeId }) => nodeId));
    const links = next.links.map((link) => {
      const was = before.get(linkName(link));
      const { nodeId } = link;
      const unclear =
        was !== undefined &&
        was.connected !== link.connected &&
        members.has(nodeId) !== link.connected &&
        reachable.has(nodeId) === link.connected;
      return unclear && this.#waits(linkName(link), now, holdMs) ? was : this.#clear(link);
    });
    return Object.freeze({ ...next, links: Object.freeze(links) });
  }

  clear(): void {
    this.#until.clear();
  }

  #waits(name: string, now: number, holdMs: number): boolean {
    const until = this.#until.get(name) ?? now + holdMs;
    this.#until.set(name, until);
    return now < until;
  }

  #clear(link: ClusterLink): ClusterLink {
    this.#until.delete(linkName(link));
    return link;
  }
}
