import type { ClusterLink, ClusterState } from '../cluster-state.ts';
import { joinsOf, linkName, membersOf } from './told.ts';

/** How long something is held back, in milliseconds. */
export interface HoldTimes {
  /** Until corosync has found out who is there. */
  readonly members: number;
  /** Until all links of a node have been given up that has vanished: each is pinged at a time of its own. */
  readonly links: number;
}

/**
 * Holds back what may be explained in a moment. A node that vanishes is missed by one link after the other, and then by the token. One that comes is heard on
 * its links before it is a member. So a link that is down waits for the others, and where all are down, for the token; and one that is up to a node that is
 * no member waits until it is one. A node that restarts makes all its links flap before anybody knows, so they wait likewise.
 */
export class HeldLinks {
  /** Since when, on the clock of performance.now(). */
  #since = new Map<string, number>();
  #until: number | undefined;

  /** When the first of them is told in any case, on the clock of performance.now(). */
  get until(): number | undefined {
    return this.#until;
  }

  /** The next state, with the links that are held back as they were. */
  hold(previous: ClusterState, next: ClusterState, now: number, times: HoldTimes): ClusterState {
    if (previous.links === undefined || next.links === undefined) return next;
    const members = membersOf(next);
    const before = new Map(previous.links.map((link) => [linkName(link), link]));
    const steady = next.links.filter(
      (link) => link.connected && !hasFlapped(before.get(linkName(link)), link),
    );
    const reachable = new Set(steady.map(({ nodeId }) => nodeId));
    const held = new Map<string, number>();
    this.#until = undefined;
    const links = next.links.map((link) => {
      const { nodeId, connected } = link;
      const name = linkName(link);
      const was = before.get(name);
      const flapped = hasFlapped(was, link);
      if (was === undefined || (was.connected === connected && !flapped)) return link;
      const isCertain = flapped
        ? joinsOf(next, nodeId) !== joinsOf(previous, nodeId) || reachable.has(nodeId) || !members.has(nodeId)
        : members.has(nodeId) === connected;
      if (isCertain) return link;
      const since = this.#since.get(name) ?? now;
      const until = since + (!connected && reachable.has(nodeId) ? times.links : times.members);
      if (until <= now) return link;
      held.set(name, since);
      this.#until = Math.min(this.#until ?? Infinity, until);
      return was;
    });
    this.#since = held;
    return Object.freeze({ ...next, links: Object.freeze(links) });
  }
}

/** It went down, and is up again. */
function hasFlapped(was: ClusterLink | undefined, is: ClusterLink): boolean {
  return was?.connected === true && is.connected && (is.flaps ?? 0) > (was.flaps ?? 0);
}
