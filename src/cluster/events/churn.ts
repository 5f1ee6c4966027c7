import type { Finding } from './event-types.ts';
import type { Comparison } from './told.ts';
import { churnFinding } from './totem.ts';

const WITHIN_MS = 15 * 60_000;
/** So often a cluster does not lose nodes by chance. */
const TIMES = 6;

/** Counts how often the ring was formed anew though nobody came, and nobody left in good order. */
export class Churn {
  #at: number[] = [];

  /** @param members what was found of them */
  note({ told, gap, restarted, now }: Comparison, members: readonly Finding[]): Finding | undefined {
    if (gap !== undefined || restarted) return undefined;
    const unchanged = told.filter(
      (event) => event.kind === 'membership' && event.joined.length === 0 && event.left.length === 0,
    ).length;
    const failed = members.some(({ type }) => type === 'member.failed') ? 1 : 0;
    const time = now.getTime();
    this.#at = this.#at.filter((at) => at > time - WITHIN_MS);
    for (let times = unchanged + failed; times > 0; times -= 1) this.#at.push(time);
    if (this.#at.length < TIMES) return undefined;
    const times = this.#at.length;
    this.#at = [];
    return churnFinding(times, WITHIN_MS);
  }
}
