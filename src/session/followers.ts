import { asError, ConnectionError, CsError, type CsErrorName } from '../errors/index.ts';

/** What a session does with one of its followers. */
export interface FollowerDriver<C> {
  /** Begins to follow on a new connection, and tells the reader what has changed meanwhile. */
  attach(client: C): Promise<void>;
  lost(error: ConnectionError): void;
  end(error?: Error): void;
}

/** The followers of a session, and how each connection brings them up to date. */
export class Followers<C extends { destroy(error?: Error): void }> {
  readonly #drivers = new Map<object, FollowerDriver<C>>();
  /** Those that were added to a standing connection, on their way to be up to date. */
  readonly #attaching = new Set<Promise<void>>();

  /** @param client the connection, if there is one now */
  add(follower: object, driver: FollowerDriver<C>, client: C | undefined): void {
    this.#drivers.set(follower, driver);
    if (client === undefined) return;
    const attaching = attach(client, driver).finally(() => this.#attaching.delete(attaching));
    this.#attaching.add(attaching);
  }

  remove(follower: object): void {
    this.#drivers.delete(follower);
  }

  /** Resolves when those that were added to a standing connection are up to date; undefined if they are. */
  whenAttached(): Promise<unknown> | undefined {
    return this.#attaching.size === 0 ? undefined : Promise.all(this.#attaching);
  }

  /** Brings all up to date on a new connection. */
  async restore(client: C): Promise<void> {
    await Promise.all([...this.#drivers.values()].map((driver) => attach(client, driver)));
  }

  lost(error: ConnectionError): void {
    for (const driver of this.#drivers.values()) driver.lost(error);
  }

  end(): void {
    for (const driver of this.#drivers.values()) driver.end();
  }
}

/** corosync's refusal ends the follower; after anything else the session connects again, and not at once. */
async function attach<C extends { destroy(error?: Error): void }>(
  client: C,
  driver: FollowerDriver<C>,
): Promise<void> {
  try {
    await driver.attach(client);
  } catch (error) {
    if (isRefusal(error)) driver.end(error);
    else client.destroy(asError(error));
  }
}

/** What may be better in a while. */
const PASSING: readonly CsErrorName[] = [
  'CS_ERR_TIMEOUT',
  'CS_ERR_TRY_AGAIN',
  'CS_ERR_NO_MEMORY',
  'CS_ERR_NO_RESOURCES',
  'CS_ERR_BUSY',
];

function isRefusal(error: unknown): error is CsError {
  return error instanceof CsError && !(error instanceof ConnectionError) && !PASSING.includes(error.code);
}
