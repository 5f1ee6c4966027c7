import { setTimeout as sleep } from 'node:timers/promises';
import type { CmapKeyInfo } from '../codec/cmap/iterate.ts';
import type { CmapMap } from '../codec/cmap/set-current-map.ts';
import type { CmapValue } from '../codec/cmap/value.ts';
import { CmapClient, TypedAccess, type CmapEntry, type ConnectOptions } from '../cmap/index.ts';
import { ConnectionError, CsError } from '../errors/index.ts';
import type { CallOptions } from '../ipc/index.ts';
import { BackOff } from './back-off.ts';
import { CmapFollower, type FollowerDriver } from './follower.ts';
import { resolveFollowOptions, type FollowOptions } from './follow-options.ts';
import { SessionCalls, sessionClosed } from './session-calls.ts';
import {
  resolveSessionOptions,
  type ResolvedSessionOptions,
  type SessionOptions,
} from './session-options.ts';
import { SessionStateMachine, statusOf, type SessionStatus } from './session-state.ts';
import { StatusStream } from './status-stream.ts';

/** What a session needs of the world; a test has its own. */
export interface SessionWorld {
  connect(options: ConnectOptions): Promise<CmapClient>;
  /** Rejects when `signal` aborts. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
}

const REAL_WORLD: SessionWorld = {
  connect: (options) => CmapClient.connect(options),
  pause: (ms, signal) => sleep(ms, undefined, { signal }),
};

/**
 * Access to the configuration map that outlives corosync: it waits for corosync to appear, connects again when it is lost,
 * and restores every follower. Calls wait for a connection until their deadline. A read whose connection is lost is made again; a
 * change is not, because it may have happened (CS_ERR_LIBRARY, a ConnectionError).
 */
export class CmapSession extends TypedAccess implements AsyncDisposable {
  readonly map: CmapMap;
  readonly #options: ResolvedSessionOptions;
  readonly #world: SessionWorld;
  readonly #backOff: BackOff;
  readonly #ending = new AbortController();
  readonly #statuses: StatusStream;
  readonly #machine: SessionStateMachine;
  readonly #calls: SessionCalls;
  readonly #followers = new Map<CmapFollower, FollowerDriver>();
  #ended: Promise<void> = Promise.resolve();

  private constructor(options: ResolvedSessionOptions, world: SessionWorld) {
    super();
    this.map = options.map;
    this.#options = options;
    this.#world = world;
    this.#backOff = new BackOff(options.backOff);
    this.#machine = new SessionStateMachine((state) => {
      this.#statuses.push(statusOf(state));
      this.#calls.stateChanged();
    });
    this.#statuses = new StatusStream(this.status);
    this.#calls = new SessionCalls(this.#machine, options.timeoutMs);
  }

  /**
   * Returns at once, and connects in the background, until `close`. It keeps the process alive.
   * @throws CsError CS_ERR_INVALID_PARAM or CS_ERR_NOT_EXIST: an option is wrong.
   */
  static open(options: SessionOptions = {}): CmapSession {
    return CmapSession.openIn(REAL_WORLD, options);
  }

  /** @internal */
  static openIn(world: SessionWorld, options: SessionOptions): CmapSession {
    const session = new CmapSession(resolveSessionOptions(options), world);
    session.#ended = session.#run();
    return session;
  }

  /** What it is doing now. */
  get status(): SessionStatus {
    return statusOf(this.#machine.state);
  }

  /** The present status and every later one, for any number of readers; ends after `closed`. */
  statuses(): AsyncIterable<SessionStatus> {
    return this.#statuses.read();
  }

  /**
   * Resolves as soon as the session is connected and every follower is up to date.
   * @throws CsError CS_ERR_TIMEOUT: not within `timeoutMs` (by default the session's), caused by what went wrong last;
   *   CS_ERR_BAD_HANDLE: the session is closed.
   */
  async connected(options?: CallOptions): Promise<void> {
    await this.#calls.whenIn(['resynced'], 'connected', options);
  }

  /** cmap_get. See CmapClient.get. */
  get(key: string, options?: CallOptions): Promise<CmapValue> {
    return this.#calls.read('cmap_get', options, (client, rest) => client.get(key, rest));
  }

  /** cmap_set. See CmapClient.set. */
  set(key: string, value: CmapValue, options?: CallOptions): Promise<void> {
    return this.#calls.change('cmap_set', options, (client, rest) => client.set(key, value, rest));
  }

  /** cmap_delete. See CmapClient.delete. */
  delete(key: string, options?: CallOptions): Promise<void> {
    return this.#calls.change('cmap_delete', options, (client, rest) => client.delete(key, rest));
  }

  /** Adds `step` to an integer. See CmapClient.adjust. */
  adjust(key: string, step: number, options?: CallOptions): Promise<void> {
    return this.#calls.change('cmap_adjust_int', options, (client, rest) => client.adjust(key, step, rest));
  }

  /** cmap_inc. See CmapClient.adjust. */
  increment(key: string, options?: CallOptions): Promise<void> {
    return this.#calls.change('cmap_inc', options, (client, rest) => client.increment(key, rest));
  }

  /** cmap_dec. See CmapClient.adjust. */
  decrement(key: string, options?: CallOptions): Promise<void> {
    return this.#calls.change('cmap_dec', options, (client, rest) => client.decrement(key, rest));
  }

  /** See CmapClient.keys. An iteration whose connection is lost fails with ConnectionError. */
  async *keys(prefix = '', options?: CallOptions): AsyncGenerator<CmapKeyInfo, void> {
    const client = await this.#calls.client('cmap_iter_init', options);
    yield* client.keys(prefix, options);
  }

  /** See CmapClient.entries. An iteration whose connection is lost fails with ConnectionError. */
  async *entries(prefix = '', options?: CallOptions): AsyncGenerator<CmapEntry, void> {
    const client = await this.#calls.client('cmap_iter_init', options);
    yield* client.entries(prefix, options);
  }

  /**
   * Follows a key, or with `prefix: true` all keys that start with `key`: a snapshot of what is there, then every change, across any number of
   * reconnects. In the stats map too, where corosync itself refuses to tell of changed values below a prefix.
   * @throws CsError CS_ERR_INVALID_PARAM: no such key can be, or following it could crash corosync; CS_ERR_BAD_HANDLE: the session is
   *   closed.
   */
  follow(key: string, options: FollowOptions = {}): CmapFollower {
    const resolved = resolveFollowOptions(key, options, this.map);
    if (this.status.state === 'closed') throw sessionClosed('follow');
    const [follower, driver] = CmapFollower.create(resolved, {
      map: this.map,
      failed: (client, error) => client.destroy(asError(error)),
      deleted: (deleted) => void this.#followers.delete(deleted),
    });
    this.#followers.set(follower, driver);
    const { client } = this.#machine;
    if (client !== undefined) void this.#attach(client, driver);
    return follower;
  }

  /** Ends the connection and every follower. What followers have told but nobody read yet can still be read. Idempotent. */
  async close(): Promise<void> {
    const { client } = this.#machine;
    if (this.status.state !== 'closed') {
      this.#machine.go({ state: 'closed' });
      this.#ending.abort();
      for (const driver of this.#followers.values()) driver.end();
      this.#followers.clear();
      await client?.close();
    }
    await this.#ended;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #isClosed(): boolean {
    return this.#ending.signal.aborted;
  }

  /** One round for each attempt to connect. */
  async #run(): Promise<void> {
    for (;;) {
      const retryInMs = await this.#connectOnce();
      if (retryInMs === undefined) return;
      await this.#world.pause(retryInMs, this.#ending.signal).catch(() => undefined);
      if (this.#isClosed()) return;
      this.#machine.go({ state: 'connecting', attempt: this.#backOff.attempt });
    }
  }

  /** Connects and stays connected; then tells when to try again, or `undefined` if the session is closed. */
  async #connectOnce(): Promise<number | undefined> {
    const { attempt } = this.#backOff;
    try {
      const client = await this.#world.connect({ ...this.#options.connect, signal: this.#ending.signal });
      return await this.#stay(client);
    } catch (error) {
      if (this.#isClosed()) return undefined;
      const csError = asCsError(error);
      const retryInMs = this.#backOff.failed(csError);
      this.#machine.go({ state: 'unavailable', error: csError, attempt, retryInMs });
      return retryInMs;
    }
  }

  async #stay(client: CmapClient): Promise<number | undefined> {
    if (this.#isClosed()) {
      client.destroy();
      return undefined;
    }
    const since = performance.now();
    this.#machine.go({ state: 'connected', client });
    const restored = this.#restore(client);
    const error = await client.whenClosed();
    await restored;
    if (error === undefined || this.#isClosed()) return undefined;
    const retryInMs = this.#backOff.lost(error, performance.now() - since);
    this.#machine.go({ state: 'lost', error, retryInMs });
    for (const driver of this.#followers.values()) driver.lost(error);
    return retryInMs;
  }

  async #restore(client: CmapClient): Promise<void> {
    await Promise.all([...this.#followers.values()].map((driver) => this.#attach(client, driver)));
    if (this.#machine.client === client) this.#machine.go({ state: 'resynced', client });
  }

  /** corosync's refusal ends the follower; anything else means that this connection is of no use. */
  async #attach(client: CmapClient, driver: FollowerDriver): Promise<void> {
    try {
      await driver.attach(client);
    } catch (error) {
      if (
        error instanceof CsError &&
        !(error instanceof ConnectionError) &&
        error.code !== 'CS_ERR_TIMEOUT'
      ) {
        driver.end(error);
      } else {
        client.destroy(asError(error));
      }
    }
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function asCsError(error: unknown): CsError {
  if (error instanceof CsError) return error;
  const { message } = asError(error);
  return new CsError('CS_ERR_LIBRARY', { operation: 'connect', detail: message, cause: error });
}
