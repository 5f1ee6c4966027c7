import type { Counts } from './protocol.ts';

const MOST_NOTES = 50;

/** What all workers and the director have counted, and what was wrong, in words. */
export class Totals {
  readonly counts: Record<string, number> = { mismatches: 0, leaks: 0 };
  readonly notes: string[] = [];
  /** Milliseconds of the C peer's slowest call, by what happened during it. */
  readonly worstPeerMs: Record<string, number> = {};
  corosyncGrowthBytes = 0;
  heapGrowthBytes = 0;

  add(counts: Counts): void {
    for (const [what, times] of Object.entries(counts)) this.count(what, times);
  }

  count(what: string, times = 1): void {
    this.counts[what] = (this.counts[what] ?? 0) + times;
  }

  mismatch(what: string): void {
    this.count('mismatches');
    this.note(what);
  }

  leak(what: string): void {
    this.count('leaks');
    this.note(`leak: ${what}`);
  }

  /** The first ones are the ones to look at. */
  note(what: string): void {
    if (this.notes.length < MOST_NOTES) this.notes.push(what);
  }

  get good(): boolean {
    return this.counts.mismatches === 0 && this.counts.leaks === 0;
  }
}
