import type { MessageReader } from '../codec/message-reader.ts';
import { decodeQuorumEvent, type QuorumEvent } from '../codec/quorum/event.ts';
import { GetQuorateRequest } from '../codec/quorum/get-quorate.ts';
import {
  GetTypeRequest,
  ModelGetTypeRequest,
  type QuorumModel,
  type QuorumType,
} from '../codec/quorum/get-type.ts';
import type { ConnectionError } from '../errors/index.ts';
import type { IpcOptions, TransportKind } from '../ipc/index.ts';
import { CALL_RULES, CallLimits, type CallOptions } from '../options/call-options.ts';
import { checkOptions } from '../options/check-options.ts';
import { object } from '../options/rules.ts';
import { ServiceClient, SharedTracking } from '../service/index.ts';
import { READER_DEFAULTS, readerRules, type ReaderOptions } from '../streams/reader-options.ts';
import { resolveQuorumOptions, type QuorumConnectOptions } from './connect-options.ts';
import type { QuorumTracker, QuorumTrackEvent } from './quorum-events.ts';
import { QUORUM_TRACKING } from './tracking.ts';

/** How the events of a tracker reach their reader, and how long to wait for corosync. */
export interface QuorumTrackOptions extends CallOptions, ReaderOptions<QuorumTrackEvent> {}

const trackRule = object<QuorumTrackOptions, typeof READER_DEFAULTS>(
  'track',
  { ...CALL_RULES, ...readerRules<QuorumTrackEvent>() },
  { defaults: READER_DEFAULTS },
);

/** What corosync has told about itself when we connected. */
interface Greeting {
  readonly model: QuorumModel;
  readonly type: QuorumType;
}

/**
 * A connection to corosync's quorum service: whether the cluster is quorate, and who its members are. It changes nothing. Every call can also fail with
 * CS_ERR_TIMEOUT (its `timeoutMs` is up), CS_ERR_LIBRARY (a ConnectionError: corosync is gone) and CS_ERR_BAD_HANDLE (called after the end); an
 * aborted one rejects with its signal's reason.
 */
export class QuorumClient implements AsyncDisposable {
  /** `'set'`: there is a provider of quorum; `'free'`: there is none, and the cluster is always quorate. */
  readonly type: QuorumType;
  /** What corosync tells of changes: `'v0'`, before 3.1.0, tells neither a change of membership before quorum is known, nor who has come and gone. */
  readonly model: QuorumModel;
  readonly #service: ServiceClient;
  readonly #tracking: SharedTracking<QuorumEvent, QuorumTrackEvent>;

  private constructor(
    service: ServiceClient,
    tracking: SharedTracking<QuorumEvent, QuorumTrackEvent>,
    { model, type }: Greeting,
  ) {
    this.#service = service;
    this.#tracking = tracking;
    this.model = model;
    this.type = type;
  }

  /**
   * quorum_model_initialize.
   * @throws ConnectionError and CsError as `CmapClient.connect`.
   */
  static async connect(options: QuorumConnectOptions = {}): Promise<QuorumClient> {
    const ipc = resolveQuorumOptions(options);
    const startedAt = performance.now();
    const tracking = new SharedTracking(QUORUM_TRACKING);
    const service = await ServiceClient.connect<QuorumEvent>(ipc, {
      decode: (event: MessageReader) => decodeQuorumEvent(event),
      deliver: (event) => tracking.told(event),
      ended: (error) => tracking.ended(error),
    });
    try {
      return new QuorumClient(service, tracking, await greet(service, ipc, startedAt));
    } catch (error) {
      service.destroy(error);
      throw error;
    }
  }

  /** What carries the messages: corosync's `system { qb_ipc_type }` decides. */
  get transport(): TransportKind {
    return this.#service.transport;
  }

  /** Whether the connection has ended, by `close`, `destroy` or the loss of corosync. */
  get closed(): boolean {
    return this.#service.closed;
  }

  /** qb_ipcc_get_buffer_size: the bytes that corosync granted. */
  get bufferSize(): number {
    return this.#service.bufferSize;
  }

  /** Resolves at the end of the connection: with the error if it was lost or destroyed, with `undefined` after `close`. */
  whenClosed(): Promise<ConnectionError | undefined> {
    return this.#service.whenClosed();
  }

  /** quorum_getquorate: whether this node belongs to a quorate cluster. Without a provider of quorum it always does. */
  async getQuorate(options?: CallOptions): Promise<boolean> {
    return this.#service.submit(new GetQuorateRequest(), options);
  }

  /**
   * quorum_trackstart: tells of membership and quorum, first what holds and then every change. Any number of trackers share one tracking at corosync.
   * @throws CsError CS_ERR_INVALID_PARAM: an option is wrong.
   */
  async track(options: QuorumTrackOptions = {}): Promise<QuorumTracker> {
    const { signal, timeoutMs, ...reader } = checkOptions(QUORUM_TRACKING, options, trackRule);
    return this.#tracking.add(this.#service, reader, { signal, timeoutMs });
  }

  /** quorum_finalize: lets calls that are under way settle, then closes; trackers end. Idempotent. */
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
}

/** Asks for model v1; a corosync that does not know models has v0. */
async function greet(service: ServiceClient, ipc: IpcOptions, startedAt: number): Promise<Greeting> {
  const limits = new CallLimits(ipc.timeoutMs, ipc.signal);
  const type = await service.submit(new ModelGetTypeRequest('v1'), limits.restSince(startedAt));
  if (type !== undefined) return { model: 'v1', type };
  return { model: 'v0', type: await service.submit(new GetTypeRequest(), limits.restSince(startedAt)) };
}
