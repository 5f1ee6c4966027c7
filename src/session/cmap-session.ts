import { setTimeout as sleep } from 'node:timers/promises';
import type { CmapKeyInfo } from '../codec/cmap/iterate.ts';
import type { CmapMap } from '../codec/cmap/set-current-map.ts';
import type { CmapValue } from '../codec/cmap/value.ts';
import {
  checkExistingKey,
  checkKeyToChange,
  checkKeyToSet,
  checkPrefix,
  checkStep,
  checkValue,
  CmapClient,
  TypedAccess,
  type CmapEntry,
  type ConnectOptions,
} from '../cmap/index.ts';
import { ConnectionError, CsError, type CsErrorName } from '../errors/index.ts';
import { timeoutOf, within, type CallOptions } from '../ipc/index.ts';
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
import { StatusStream, type SessionStatusEvent } from './status-stream.ts';

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
  /** Followers that were added to a standing connection, on their way to be up to date. */
  readonly #attaching = new Set<Promise<void>>();
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

  /** The present status and every later one, for any number of readers; ends after `closed`. A slow reader is told what it missed. */
  statuses(): AsyncIterable<SessionStatusEvent> {
    return this.#statuses.read();
  }

  /**
   * Resolves as soon as the session is connected and every follower is up to date, those that were added just now too.
   * @throws CsError CS_ERR_TIMEOUT: not within `timeoutMs` (by default the session's), caused by what went wrong last;
   *   CS_ERR_BAD_HANDLE: the session is closed.
   */
  async connected(options?: CallOptions): Promise<void> {
    const timeoutMs = timeoutOf(options, this.#options.timeoutMs, 'connected');
    const deadlineAt = performance.now() + timeoutMs;
    for (;;) {
      const rest = { ...options, timeoutMs: Math.max(deadlineAt - performance.now(), 0) };
      await this.#calls.whenIn(['resynced'], { operation: 'connected' }, rest, () => Promise.resolve());
      if (this.#attaching.size === 0) return;
      await within(Promise.all(this.#attaching), 'connected', rest.timeoutMs, options?.signal);
    }
  }

  /** cmap_get. See CmapClient.get. */
  async get(key: string, options?: CallOptions): Promise<CmapValue> {
    checkExistingKey('cmap_get', key);
    return this.#calls.read({ operation: 'cmap_get', key }, options, (client, rest) => client.get(key, rest));
  }

  /** cmap_set. See CmapClient.set. */
  async set(key: string, value: CmapValue, options?: CallOptions): Promise<void> {
    checkKeyToSet('cmap_set', key, this.map);
    // A copy: the caller may go on with his buffer while this waits for a connection.
    const settable = checkValue('cmap_set', key, value, this.#options.bufferSize);
    return this.#calls.change({ operation: 'cmap_set', key }, options, (client, rest) =>
      client.set(key, settable, rest),
    );
  }

  /** cmap_delete. See CmapClient.delete. */
  async delete(key: string, options?: CallOptions): Promise<void> {
    checkKeyToChange('cmap_delete', key, this.map);
    return this.#calls.change({ operation: 'cmap_delete', key }, options, (client, rest) =>
      client.delete(key, rest),
    );
  }

  /** Adds `step` to an integer. See CmapClient.adjust. */
  async adjust(key: string, step: number, options?: CallOptions): Promise<void> {
    checkKeyToChange('cmap_adjust_int', key, this.map);
    checkStep('cmap_adjust_int', key, step);
    return this.#calls.change({ operation: 'cmap_adjust_int', key }, options, (client, rest) =>
      client.adjust(key, step, rest),
    );
  }

  /** cmap_inc. See CmapClient.adjust. */
  async increment(key: string, options?: CallOptions): Promise<void> {
    checkKeyToChange('cmap_inc', key, this.map);
    return this.#calls.change({ operation: 'cmap_inc', key }, options, (client, rest) =>
      client.increment(key, rest),
    );
  }

  /** cmap_dec. See CmapClient.adjust. */
  async decrement(key: string, options?: CallOptions): Promise<void> {
    checkKeyToChange('cmap_dec', key, this.map);
    return this.#calls.change({ operation: 'cmap_dec', key }, options, (client, rest) =>
      client.decrement(key, rest),
    );
  }

  /** See CmapClient.keys. An iteration whose connection is lost fails with ConnectionError. */
  async *keys(prefix = '', options?: CallOptions): AsyncGenerator<CmapKeyInfo, void> {
    checkPrefix('cmap_iter_init', prefix);
    const client = await this.#calls.client({ operation: 'cmap_iter_init', key: prefix }, options);
    yield* client.keys(prefix, options);
  }

  /** See CmapClient.entries. An iteration whose connection is lost fails with ConnectionError. */
  async *entries(prefix = '', options?: CallOptions): AsyncGenerator<CmapEntry, void> {
    checkPrefix('cmap_iter_init', prefix);
    const client = await this.#calls.client({ operation: 'cmap_iter_init', key: prefix }, options);
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
    if (this.status.state === 'closed') throw sessionClosed({ operation: 'follow', key });
    const [follower, driver] = CmapFollower.create(resolved, {
      map: this.map,
      failed: (client, error) => client.destroy(asError(error)),
      ended: (ended) => void this.#followers.delete(ended),
    });
    this.#followers.set(follower, driver);
    const { client } = this.#machine;
    if (client !== undefined) this.#attachInBackground(client, driver);
    return follower;
  }

  /**
   * Ends the connection and every follower. Calls that are under way are waited for, until their deadlines; calls that wait for a connection
   * fail. What followers have told but nobody read yet can still be read. Idempotent.
   */
  async close(): Promise<void> {
    const { client } = this.#machine;
    this.#end();
    await client?.close();
    await this.#ended;
  }

  /** As `close`, at once: calls that are under way fail with a ConnectionError caused by `error`. */
  destroy(error?: Error): void {
    const { client } = this.#machine;
    this.#end();
    client?.destroy(error);
  }

  #end(): void {
    if (this.#isClosed()) return;
    this.#ending.abort();
    this.#machine.go({ state: 'closed' });
    for (const driver of this.#followers.values()) driver.end();
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
    if (this.#machine.client === client && !client.closed) this.#machine.go({ state: 'resynced', client });
  }

  #attachInBackground(client: CmapClient, driver: FollowerDriver): void {
    const attaching = this.#attach(client, driver).finally(() => this.#attaching.delete(attaching));
    this.#attaching.add(attaching);
  }

  /** corosync's refusal ends the follower; after anything else the session connects again, and not at once. */
  async #attach(client: CmapClient, driver: FollowerDriver): Promise<void> {
    try {
      await driver.attach(client);
    } catch (error) {
      if (isRefusal(error)) driver.end(error);
      else client.destroy(asError(error));
    }
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

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function asCsError(error: unknown): CsError {
  if (error instanceof CsError) return error;
  const { message } = asError(error);
  return new CsError('CS_ERR_LIBRARY', { operation: 'connect', detail: message, cause: error });
}
