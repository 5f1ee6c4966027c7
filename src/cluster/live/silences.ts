/** So long the longest is kept: whoever looks once a minute misses none. */
const KEPT_MS = 60_000;

/** How long the token was away, as corosync measures it each 1.5 s. */
export class Silences {
  #measured: { readonly ms: number; readonly at: number }[] = [];

  /** @param now on the clock of performance.now() */
  note(ms: number, now: number): void {
    this.#measured = this.#measured.filter(({ at, ms: before }) => at > now - KEPT_MS && before > ms);
    this.#measured.push({ ms, at: now });
  }

  /** The longest of the last minute; `undefined`: none was measured. */
  longestMs(now: number): number | undefined {
    return this.#measured.find(({ at }) => at > now - KEPT_MS)?.ms;
  }
}
