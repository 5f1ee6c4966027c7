import { AdjustIntRequest } from '../codec/cmap/adjust-int.ts';
import { DeleteRequest } from '../codec/cmap/delete.ts';
import { GetRequest } from '../codec/cmap/get.ts';
import { IterNextRequest, type CmapKeyInfo } from '../codec/cmap/iterate.ts';
import { SetCurrentMapRequest, type CmapMap } from '../codec/cmap/set-current-map.ts';
import { SetRequest } from '../codec/cmap/set.ts';
import { TrackAddRequest, TrackDeleteRequest } from '../codec/cmap/track.ts';
import { MAX_STORED_LENGTH, type CmapValue } from '../codec/cmap/value.ts';
import type { RequestMessage } from '../codec/message.ts';
import { ConnectionError, CsError } from '../errors/index.ts';
import { serverName, type TransportKind } from '../ipc/index.ts';
import { CallLimits, type CallOptions } from '../options/call-options.ts';
import { ServiceClient, type ReadAccess } from '../service/index.ts';
import { checkSet } from './values/check-set.ts';
import { checkStep } from './values/check-value.ts';
import { resolveCmapOptions, type CmapConnectOptions } from './connect-options.ts';
import { checkCrashingChange } from './guards/crashing-change-guard.ts';
import { iterateEntries, iterateKeys, type CmapEntry, type IterationCalls } from './iteration/iterate.ts';
import { ListSizes } from './iteration/list-sizes.ts';
import { checkExistingKey, checkKeyToChange, checkPrefix } from './values/keys.ts';
import {
  dangerousStatsTracker,
  resolveTrackOptions,
  type CmapTrackOptions,
} from './tracking/track-options.ts';
import type { CmapTracker } from './tracking/track-events.ts';
import { KeyTracker, type TrackDelete } from './tracking/tracker.ts';
import { TrackerRegistry } from './tracking/tracker-registry.ts';
import { TypedAccess, type TypedReads } from './values/typed-access.ts';

/**
 * Room to ask for a value whose size is unknown. Nearly every value in a real map fits; one that does not
 * costs a second question. The answer has this size whatever the value's, so more room costs every get.
 */
const FIRST_ROOM = 256;

/** For the second request of a call: `close` waits for it. */
const FOLLOW_UP = { followUp: true } as const;

/**
 * A connection to corosync's configuration map. Calls made in the same turn of the event loop go out as one batch, and take
 * effect in the order in which they were made (a value of more than 256 bytes is asked for twice, so its `get` may see later
 * calls' effects). Every call can also fail with
 * CS_ERR_TIMEOUT (its `timeoutMs` is up), CS_ERR_LIBRARY (a ConnectionError: corosync is gone) and CS_ERR_BAD_HANDLE (called
 * after the end); an aborted one rejects with its signal's reason.
 */
export class CmapClient extends TypedAccess implements AsyncDisposable {
  /** The map that it works on. */
  readonly map: CmapMap;
  readonly #service: ServiceClient;
  readonly #trackers: TrackerRegistry;
  readonly #listSizes = new ListSizes();

  private constructor(service: ServiceClient, trackers: TrackerRegistry, map: CmapMap) {
    super();
    this.#service = service;
    this.#trackers = trackers;
    this.map = map;
  }

  /**
   * cmap_initialize_map.
   * @throws ConnectionError CS_ERR_LIBRARY: corosync does not run here (CS_ERR_NOT_EXIST if its socket would be a file);
   *   CS_ERR_TRY_AGAIN: it is not ready, also after the retries; CS_ERR_ACCESS: it does not allow this user;
   *   CS_ERR_NO_SPACE: no shared memory left; CS_ERR_NOT_SUPPORTED: it wants datagram sockets, and the package for them is not installed; CS_ERR_SECURITY: what answers is not corosync. CsError CS_ERR_TIMEOUT, where
   *   libcmap would block for ever; CS_ERR_INVALID_PARAM or CS_ERR_NOT_EXIST: an option is wrong.
   */
  static connect(options: CmapConnectOptions & ReadAccess): Promise<ReadOnlyCmapClient>;
  static connect(options?: CmapConnectOptions): Promise<CmapClient>;
  static async connect(options: CmapConnectOptions = {}): Promise<CmapClient> {
    const { map, ...ipc } = resolveCmapOptions(options);
    const trackers = new TrackerRegistry(serverName(ipc.service, ipc.socketDirectory), map);
    // A new connection is on icmap; only another map needs to be asked for.
    const needed = map === 'icmap' ? 'datagrams' : 'always';
    const service = await ServiceClient.connect(ipc, trackers, {
      message: new SetCurrentMapRequest(map),
      needed,
    });
    return new CmapClient(service, trackers, map);
  }

  /** What carries the messages: corosync's `system { qb_ipc_type }` decides. */
  get transport(): TransportKind {
    return this.#service.transport;
  }

  /** Whether notifications may wait inside corosync: more came than there was room for, and they are being fetched. */
  get behind(): boolean {
    return this.#service.behind;
  }

  /**
   * Calls back each time that `behind` changes. There is one listener.
   * @internal
   */
  whenBehind(listener: (behind: boolean) => void): void {
    this.#service.whenBehind(listener);
  }

  /** Whether the connection has ended, by `close`, `destroy` or the loss of corosync. */
  get closed(): boolean {
    return this.#service.closed;
  }

  /** qb_ipcc_get_buffer_size: the bytes that corosync granted. No request, answer or notification is larger. */
  get bufferSize(): number {
    return this.#service.bufferSize;
  }

  /** Resolves at the end of the connection: with the error if it was lost or destroyed, with `undefined` after `close`. */
  whenClosed(): Promise<ConnectionError | undefined> {
    return this.#service.whenClosed();
  }

  /**
   * cmap_get: the value with its type.
   * @throws CsError CS_ERR_NOT_EXIST: there is no such key; CS_ERR_NAME_TOO_LONG: more than 255 bytes.
   */
  async get(key: string, options?: CallOptions): Promise<CmapValue> {
    checkExistingKey('cmap_get', key);
    const limits = this.#service.limits(options, 'cmap_get', key);
    const startedAt = performance.now();
    const value = await this.#service.submit(new GetRequest(key, FIRST_ROOM), limits);
    return value ?? this.#getWhole(key, limits.restSince(startedAt));
  }

  /**
   * cmap_set: creates the key, or replaces its value and type.
   * @throws CsError CS_ERR_ACCESS: the key is read-only; CS_ERR_NAME_TOO_LONG: corosync does not allow the key;
   *   CS_ERR_INVALID_PARAM: the value does not fit its type, has more than 16384 bytes, or could crash
   *   corosync (docs/errors.md); CS_ERR_TOO_BIG: nor the buffer;
   *   CS_ERR_BUSY: a tracker of this process would make corosync crash (see `track`).
   */
  async set(key: string, value: CmapValue, options?: CallOptions): Promise<void> {
    const settable = checkSet(key, value, this);
    checkCrashingChange('cmap_set', key, { kind: 'set', value: settable });
    return this.#change(new SetRequest(key, settable), options);
  }

  /**
   * cmap_delete.
   * @throws CsError CS_ERR_NOT_EXIST: there is no such key; CS_ERR_ACCESS: it is read-only; CS_ERR_INVALID_PARAM: corosync could crash
   *   without it.
   */
  async delete(key: string, options?: CallOptions): Promise<void> {
    checkKeyToChange('cmap_delete', key, this.map);
    checkCrashingChange('cmap_delete', key, { kind: 'delete' });
    return this.#change(new DeleteRequest(key), options);
  }

  /**
   * Adds `step` (any int32) to an integer of any type, in corosync and so atomically. Overflow wraps around.
   * @throws CsError CS_ERR_NOT_EXIST; CS_ERR_ACCESS: read-only; CS_ERR_INVALID_PARAM: the value is no integer, or could crash corosync.
   */
  async adjust(key: string, step: number, options?: CallOptions): Promise<void> {
    return this.#adjust('cmap_adjust_int', key, step, options);
  }

  /** cmap_inc. See `adjust`. */
  async increment(key: string, options?: CallOptions): Promise<void> {
    return this.#adjust('cmap_inc', key, 1, options);
  }

  /** cmap_dec. See `adjust`. */
  async decrement(key: string, options?: CallOptions): Promise<void> {
    return this.#adjust('cmap_dec', key, -1, options);
  }

  /**
   * cmap_iter_init, cmap_iter_next and cmap_iter_finalize: keys that start with `prefix` (all, if it is empty), sorted, with type and size.
   * They are fetched before the first is given, for corosync's iterator must not rest while a reader is busy: around it, corosync
   * mistakes deletes and adds. No key is an empty iteration, not an error. `timeoutMs` bounds each request of the iteration, not
   * the whole.
   * @throws CsError CS_ERR_TOO_BIG: there are 1,048,576 keys or more; list longer prefixes, one after the other.
   */
  keys(prefix = '', options?: CallOptions): AsyncGenerator<CmapKeyInfo, void> {
    return iterateKeys(this.#iterationCalls(prefix, options), checkPrefix('cmap_iter_init', prefix));
  }

  /** As `keys`, with the values. A key that is deleted meanwhile is left out. */
  entries(prefix = '', options?: CallOptions): AsyncGenerator<CmapEntry, void> {
    return iterateEntries(this.#iterationCalls(prefix, options), checkPrefix('cmap_iter_init', prefix));
  }

  /**
   * cmap_track_add: tells of changes of a key, or with `prefix: true` of all keys that start with `key`. Own changes are told, too.
   * The key need not exist. Setting a value that is there already is no change.
   *
   * Prefer narrow prefixes: corosync (3.1.7, and still in 2026) crashes when `quorum.cancel_wait_for_all` or
   * `runtime.force_gather` is set by anybody while a prefix that covers it is tracked by anybody.
   * @throws CsError CS_ERR_INVALID_PARAM: the tracker could never fire (libcmap accepts it), or could crash corosync;
   *   CS_ERR_NOT_SUPPORTED: a prefix in the stats map without both add and delete; CS_ERR_BUSY: this process is changing a key
   *   at which corosync would crash.
   */
  async track(key: string, options: CmapTrackOptions = {}): Promise<CmapTracker> {
    const resolved = resolveTrackOptions(key, options, this.map);
    const { defaultLimits } = this.#service;
    const limits = new CallLimits(resolved.timeoutMs ?? defaultLimits.timeoutMs, resolved.signal);
    const startedAt = performance.now();
    const looksFirst = this.map === 'stats' && !resolved.prefix;
    if (looksFirst) await this.#refuseDangerousTracker(resolved, limits);
    const trackInstHandle = this.#trackers.newInstHandle();
    const trackDelete: TrackDelete = (trackHandle, deleteLimits) => {
      this.#trackers.silence(trackInstHandle);
      const remove = (): void => this.#trackers.remove(trackInstHandle);
      return this.#service.release(new TrackDeleteRequest(key, trackHandle), deleteLimits, remove);
    };
    const [tracker, driver] = KeyTracker.create(resolved, trackDelete, defaultLimits);
    // Before the request: the first notification may be here before the answer is read.
    this.#trackers.add(trackInstHandle, driver, key, resolved.prefix);
    const request = new TrackAddRequest(key, resolved.trackType, trackInstHandle);
    try {
      const answer = this.#service.submit(request, limits.restSince(startedAt), {
        onAbandonedAnswer: (late) => void trackDelete(late).catch(() => undefined),
        onOver: (succeeded) => {
          if (!succeeded) this.#trackers.remove(trackInstHandle);
        },
        followUp: looksFirst,
      });
      driver.activate(await answer);
    } catch (error) {
      this.#trackers.silence(trackInstHandle);
      throw error;
    }
    return tracker;
  }

  /**
   * Resolves when every notification has been delivered that corosync had to send before it gave the last answer: what was read is
   * then no older than what was told.
   * @internal
   */
  caughtUp(): Promise<void> {
    return this.#service.eventsCaughtUp('cmap_dispatch');
  }

  /**
   * cmap_finalize: lets calls that are under way settle, then closes. Idempotent. Iterations are not waited for: whoever reads on gets
   * what has been fetched, and then CS_ERR_BAD_HANDLE.
   */
  close(): Promise<void> {
    return this.#service.close();
  }

  /** Closes at once: whatever waits, trackers included, fails with a ConnectionError caused by `error`. */
  destroy(error?: Error): void {
    this.#service.destroy(error);
  }

  /** As `close`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Of whatever size. */
  async #getWhole(key: string, limits: CallLimits): Promise<CmapValue> {
    const value = await this.#service.submit(new GetRequest(key, MAX_STORED_LENGTH), limits, FOLLOW_UP);
    if (value !== undefined) return value;
    throw new CsError('CS_ERR_INVALID_PARAM', { operation: 'cmap_get', key, sent: 'yes' });
  }

  #change(message: RequestMessage<void> & { readonly key: string }, options?: CallOptions): Promise<void> {
    return this.#service.submit(message, options, () => ({
      onOver: this.#trackers.noteChange(message.operation, message.key),
    }));
  }

  #adjust(operation: string, key: string, step: number, options: CallOptions | undefined): Promise<void> {
    checkKeyToChange(operation, key, this.map);
    checkCrashingChange(operation, key, { kind: 'adjust' });
    return this.#change(new AdjustIntRequest(operation, key, checkStep(operation, key, step)), options);
  }

  #iterationCalls(prefix: string, options: CallOptions | undefined): IterationCalls {
    const limits = this.#service.limits(options, 'cmap_iter_init', prefix);
    return {
      submit: (message, more) => this.#service.submit(message, limits, more),
      release: (message) => this.#service.release(message, limits),
      getWhole: (key) => this.#getWhole(key, limits),
      signal: limits.signal,
      sizes: this.#listSizes,
      mostTogether: this.#service.mostTogether(new IterNextRequest(0n, prefix)),
    };
  }

  /** The name tells for all keys that are known; this catches texts that a later corosync may add. */
  async #refuseDangerousTracker({ key }: { key: string }, limits: CallLimits): Promise<void> {
    try {
      const { type } = await this.get(key, limits);
      if (type === 'string' || type === 'binary') throw dangerousStatsTracker(key);
    } catch (error) {
      if (!(error instanceof CsError && error.code === 'CS_ERR_NOT_EXIST')) throw error;
    }
  }
}

/** A client that was connected with `access: 'read'`: it has no call that changes the map. */
export type ReadOnlyCmapClient = Pick<
  CmapClient,
  | TypedReads
  | 'map'
  | 'transport'
  | 'behind'
  | 'closed'
  | 'bufferSize'
  | 'whenClosed'
  | 'get'
  | 'keys'
  | 'entries'
  | 'track'
  | 'close'
  | 'destroy'
  | typeof Symbol.asyncDispose
>;
