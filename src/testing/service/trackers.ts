import type { ServiceConnection } from '../server/service.ts';

/** CS_TRACK_CURRENT, CS_TRACK_CHANGES, CS_TRACK_CHANGES_ONLY */
const CURRENT = 1;
const CHANGES = 2;
const CHANGES_ONLY = 4;

/** Whether flags of a trackstart ask for what holds now. */
export function wantsSnapshot(flags: number): boolean {
  return (flags & (CURRENT | CHANGES)) !== 0;
}

/** Whether they ask for changes. */
export function wantsChanges(flags: number): boolean {
  return (flags & (CHANGES | CHANGES_ONLY)) !== 0;
}

/** The connections that are told of something, the newest first. */
export class Trackers<Client extends { readonly connection: ServiceConnection }> {
  #clients: readonly Client[] = [];

  get all(): readonly Client[] {
    return this.#clients;
  }

  has(client: Client): boolean {
    return this.#clients.includes(client);
  }

  add(client: Client): void {
    this.#clients = [client, ...this.#clients];
  }

  /** False: it was none of them. */
  delete(client: Client): boolean {
    const there = this.has(client);
    this.#clients = this.#clients.filter((other) => other !== client);
    return there;
  }

  tell(event: (client: Client) => Buffer): void {
    for (const client of this.#clients) client.connection.send(event(client));
  }
}
