import type { CmapKeyInfo } from '../codec/cmap/iterate.ts';
import type { CmapMap } from '../codec/cmap/set-current-map.ts';
import type { CmapValue } from '../codec/cmap/value.ts';
import { asError } from '../errors/index.ts';
import type { CallOptions } from '../options/call-options.ts';
import type { ReadAccess } from '../service/index.ts';
import {
  startSession,
  type SessionCore,
  type SessionStatus,
  type SessionStatusEvent,
  type SessionWorld,
} from '../session/index.ts';
import { CmapClient } from './cmap-client.ts';
import { resolveFollowOptions, type CmapFollowOptions } from './following/follow-options.ts';
import type { CmapFollower } from './following/follow-events.ts';
import { KeyFollower } from './following/follower.ts';
import type { CmapEntry } from './iteration/iterate.ts';
import { resolveCmapSessionOptions, type CmapSessionOptions } from './session-options.ts';
import { checkStep, checkValue } from './values/check-value.ts';
import { checkExistingKey, checkKeyToChange, checkKeyToSet, checkPrefix } from './values/keys.ts';
import { TypedAccess, type TypedReads } from './values/typed-access.ts';

/**
 * Access to the configuration map that outlives corosync: it waits for corosync to appear, connects again when it is lost,
 * and restores every follower. Calls wait for a connection until their deadline. A read whose connection is lost is made again; a
 * change is not, because it may have happened (CS_ERR_LIBRARY, a ConnectionError).
 */
export class CmapSession extends TypedAccess implements AsyncDisposable {
  /** The map that it works on. */
  readonly map: CmapMap;
  readonly #bufferSize: number;
  readonly #core: SessionCore<CmapClient>;

  private constructor(options: CmapSessionOptions, world?: SessionWorld<CmapClient>) {
    super();
    const { given, map, bufferSize, timeoutMs, backOff } = resolveCmapSessionOptions(options);
    this.map = map;
    this.#bufferSize = bufferSize;
    this.#core = startSession(
      { timeoutMs, backOff, connect: (attempt) => CmapClient.connect({ ...given, ...attempt }) },
      world,
    );
  }

  /**
   * Returns at once, and connects in the background, until `close`. It keeps the process alive.
   * @throws CsError CS_ERR_INVALID_PARAM or CS_ERR_NOT_EXIST: an option is wrong.
   */
  static open(options: CmapSessionOptions & ReadAccess): ReadOnlyCmapSession;
  static open(options?: CmapSessionOptions): CmapSession;
  static open(options: CmapSessionOptions = {}): CmapSession {
    return new CmapSession(options);
  }

  /** @internal */
  static openIn(world: SessionWorld<CmapClient>, options: CmapSessionOptions): CmapSession {
    return new CmapSession(options, world);
  }

  /** What it is doing now. */
  get status(): SessionStatus {
    return this.#core.status;
  }

  /** The present status and every later one, for any number of readers; ends after `closed`. A slow reader is told what it missed. */
  statuses(): AsyncIterable<SessionStatusEvent> {
    return this.#core.statuses();
  }

  /**
   * Resolves as soon as the session is connected and every follower is up to date, those that were added just now too.
   * @throws CsError CS_ERR_TIMEOUT: not within `timeoutMs` (by default the session's), caused by what went wrong last;
   *   CS_ERR_BAD_HANDLE: the session is closed.
   */
  ready(options?: CallOptions): Promise<void> {
    return this.#core.ready(options);
  }

  /** cmap_get. See CmapClient.get. */
  async get(key: string, options?: CallOptions): Promise<CmapValue> {
    checkExistingKey('cmap_get', key);
    return this.#core.calls.read({ operation: 'cmap_get', key }, options, (client, rest) =>
      client.get(key, rest),
    );
  }

  /** cmap_set. See CmapClient.set. */
  async set(key: string, value: CmapValue, options?: CallOptions): Promise<void> {
    checkKeyToSet('cmap_set', key, this.map);
    // A copy: the caller may go on with his buffer while this waits for a connection.
    const settable = checkValue('cmap_set', key, value, this.#bufferSize);
    return this.#core.calls.change({ operation: 'cmap_set', key }, options, (client, rest) =>
      client.set(key, settable, rest),
    );
  }

  /** cmap_delete. See CmapClient.delete. */
  async delete(key: string, options?: CallOptions): Promise<void> {
    checkKeyToChange('cmap_delete', key, this.map);
    return this.#core.calls.change({ operation: 'cmap_delete', key }, options, (client, rest) =>
      client.delete(key, rest),
    );
  }

  /** Adds `step` to an integer. See CmapClient.adjust. */
  async adjust(key: string, step: number, options?: CallOptions): Promise<void> {
    checkKeyToChange('cmap_adjust_int', key, this.map);
    checkStep('cmap_adjust_int', key, step);
    return this.#core.calls.change({ operation: 'cmap_adjust_int', key }, options, (client, rest) =>
      client.adjust(key, step, rest),
    );
  }

  /** cmap_inc. See CmapClient.adjust. */
  async increment(key: string, options?: CallOptions): Promise<void> {
    checkKeyToChange('cmap_inc', key, this.map);
    return this.#core.calls.change({ operation: 'cmap_inc', key }, options, (client, rest) =>
      client.increment(key, rest),
    );
  }

  /** cmap_dec. See CmapClient.adjust. */
  async decrement(key: string, options?: CallOptions): Promise<void> {
    checkKeyToChange('cmap_dec', key, this.map);
    return this.#core.calls.change({ operation: 'cmap_dec', key }, options, (client, rest) =>
      client.decrement(key, rest),
    );
  }

  /** See CmapClient.keys. An iteration whose connection is lost fails with ConnectionError. */
  async *keys(prefix = '', options?: CallOptions): AsyncGenerator<CmapKeyInfo, void> {
    checkPrefix('cmap_iter_init', prefix);
    const subject = { operation: 'cmap_iter_init', key: prefix };
    const limits = this.#core.calls.limits(subject, options);
    yield* (await this.#core.calls.client(subject, limits)).keys(prefix, limits);
  }

  /** See CmapClient.entries. An iteration whose connection is lost fails with ConnectionError. */
  async *entries(prefix = '', options?: CallOptions): AsyncGenerator<CmapEntry, void> {
    checkPrefix('cmap_iter_init', prefix);
    const subject = { operation: 'cmap_iter_init', key: prefix };
    const limits = this.#core.calls.limits(subject, options);
    yield* (await this.#core.calls.client(subject, limits)).entries(prefix, limits);
  }

  /**
   * Follows a key, or with `prefix: true` all keys that start with `key`: a snapshot of what is there, then every change, across any number of
   * reconnects. In the stats map too, where corosync itself refuses to tell of changed values below a prefix.
   * @throws CsError CS_ERR_INVALID_PARAM: no such key can be, or following it could crash corosync; CS_ERR_BAD_HANDLE: the session is
   *   closed.
   */
  follow(key: string, options: CmapFollowOptions = {}): CmapFollower {
    const resolved = resolveFollowOptions(key, options, this.map);
    this.#core.checkOpen({ operation: 'follow', key });
    const [follower, driver] = KeyFollower.create(resolved, {
      map: this.map,
      failed: (client, error) => client.destroy(asError(error)),
      ended: (ended) => this.#core.removeFollower(ended),
    });
    this.#core.addFollower(follower, driver);
    return follower;
  }

  /**
   * Ends the connection and every follower. Calls that are under way are waited for, until their deadlines; calls that wait for a connection
   * fail, and so do iterations, at their next request (CS_ERR_BAD_HANDLE). What followers have told but nobody read yet can still be read. Idempotent.
   */
  close(): Promise<void> {
    return this.#core.close();
  }

  /** As `close`, at once: calls that are under way fail with a ConnectionError caused by `error`. */
  destroy(error?: Error): void {
    this.#core.destroy(error);
  }

  /** As `close`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** A session that was opened with `access: 'read'`: it has no call that changes the map. */
export type ReadOnlyCmapSession = Pick<
  CmapSession,
  | TypedReads
  | 'map'
  | 'status'
  | 'statuses'
  | 'ready'
  | 'get'
  | 'keys'
  | 'entries'
  | 'follow'
  | 'close'
  | 'destroy'
  | typeof Symbol.asyncDispose
>;
