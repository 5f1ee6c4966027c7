import type { ServerConnection } from '../server/server-connection.ts';

/** Clients that have not taken all that they were told, and since when, as it was seen. */
export class SlowClients {
  #since: ReadonlyMap<ServerConnection, number> = new Map();

  /** @param connections all there are */
  look(connections: Iterable<ServerConnection>): void {
    const now = performance.now();
    const slow = [...connections].filter(({ atRest }) => !atRest);
    this.#since = new Map(slow.map((one) => [one, this.#since.get(one) ?? now]));
  }

  /** Whether there are any. */
  get exist(): boolean {
    return this.#since.size > 0;
  }

  /** One that has been so at each look for longer. */
  longerThan(ms: number): ServerConnection | undefined {
    const now = performance.now();
    return [...this.#since].find(([, since]) => now - since > ms)?.[0];
  }
}
