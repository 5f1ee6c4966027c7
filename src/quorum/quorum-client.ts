import type { MessageReader } from '../codec/message-reader.ts';
import { decodeQuorumEvent, type QuorumEvent } from '../codec/quorum/event.ts';
import { GetQuorateRequest } from '../codec/quorum/get-quorate.ts';
import {
  GetTypeRequest,
  ModelGetTypeRequest,
  type QuorumModel,
  type QuorumType,
} from '../codec/quorum/get-type.ts';
import type { IpcOptions } from '../ipc/index.ts';
import { CallLimits, type CallOptions } from '../options/call-options.ts';
import {
  ConnectedClient,
  ServiceClient,
  SharedTracking,
  type ServiceTrackOptions,
} from '../service/index.ts';
import { resolveQuorumOptions, type QuorumConnectOptions } from './connect-options.ts';
import type { QuorumTracker, QuorumTrackEvent } from './quorum-events.ts';
import { QUORUM_TRACKING } from './tracking.ts';

/** How the events of a tracker reach their reader, and how long to wait for corosync. */
export type QuorumTrackOptions = ServiceTrackOptions<QuorumTrackEvent>;

/** An event names 384 nodes at most, in three lists. */
const WAKING = { wake: () => new GetQuorateRequest(), largestEvent: 8192 };

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
export class QuorumClient extends ConnectedClient {
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
    super(service);
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
      waking: WAKING,
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

  /** quorum_getquorate: whether this node belongs to a quorate cluster. Without a provider of quorum it always does. */
  async getQuorate(options?: CallOptions): Promise<boolean> {
    return this.#service.submit(new GetQuorateRequest(), options);
  }

  /**
   * quorum_trackstart: tells of membership and quorum, first what holds and then every change. Any number of trackers share one tracking at corosync.
   * @throws CsError CS_ERR_INVALID_PARAM: an option is wrong.
   */
  async track(options: QuorumTrackOptions = {}): Promise<QuorumTracker> {
    return this.#tracking.add(this.#service, options);
  }
}

/** Asks for model v1; a corosync that does not know models has v0. */
async function greet(service: ServiceClient, ipc: IpcOptions, startedAt: number): Promise<Greeting> {
  const limits = new CallLimits(ipc.timeoutMs, ipc.signal);
  const type = await service.submit(new ModelGetTypeRequest('v1'), limits.restSince(startedAt));
  if (type !== undefined) return { model: 'v1', type };
  return { model: 'v0', type: await service.submit(new GetTypeRequest(), limits.restSince(startedAt)) };
}
