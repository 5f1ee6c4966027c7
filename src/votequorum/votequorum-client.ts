import type { MessageReader } from '../codec/message-reader.ts';
import { decodeVotequorumEvent, type VotequorumEvent } from '../codec/votequorum/event.ts';
import { GetInfoRequest, type VotequorumInfo } from '../codec/votequorum/get-info.ts';
import type { ConnectionError } from '../errors/index.ts';
import type { TransportKind } from '../ipc/index.ts';
import { CALL_RULES, type CallOptions } from '../options/call-options.ts';
import { checkOptions } from '../options/check-options.ts';
import { integer, object } from '../options/rules.ts';
import { ServiceClient, SharedTracking } from '../service/index.ts';
import { READER_DEFAULTS, readerRules, type ReaderOptions } from '../streams/reader-options.ts';
import { resolveVotequorumOptions, type VotequorumConnectOptions } from './connect-options.ts';
import { checkContext, randomContext, votequorumTracking } from './tracking.ts';
import type { VotequorumTracker, VotequorumTrackEvent } from './votequorum-events.ts';

/** How the events of a tracker reach their reader, and how long to wait for corosync. */
export interface VotequorumTrackOptions extends CallOptions, ReaderOptions<VotequorumTrackEvent> {}

const trackRule = object<VotequorumTrackOptions, typeof READER_DEFAULTS>(
  'track',
  { ...CALL_RULES, ...readerRules<VotequorumTrackEvent>() },
  { defaults: READER_DEFAULTS },
);
const TRACK = { operation: 'votequorum_trackstart' };

/** corosync takes the id as a signed number. */
const nodeIdRule = integer(0, 0xffffffff);

/**
 * A connection to corosync's votequorum service, which is there if corosync's configuration names it as the provider of quorum: votes, who is there, and
 * the quorum device. It changes nothing. Every call can also fail with CS_ERR_TIMEOUT (its `timeoutMs` is up), CS_ERR_LIBRARY (a ConnectionError:
 * corosync is gone) and CS_ERR_BAD_HANDLE (called after the end); an aborted one rejects with its signal's reason.
 */
export class VotequorumClient implements AsyncDisposable {
  readonly #service: ServiceClient;
  readonly #tracking: SharedTracking<VotequorumEvent, VotequorumTrackEvent>;

  private constructor(
    service: ServiceClient,
    tracking: SharedTracking<VotequorumEvent, VotequorumTrackEvent>,
  ) {
    this.#service = service;
    this.#tracking = tracking;
  }

  /**
   * votequorum_initialize.
   * @throws ConnectionError and CsError as `CmapClient.connect`; CS_ERR_LIBRARY also where corosync runs without votequorum.
   */
  static async connect(options: VotequorumConnectOptions = {}): Promise<VotequorumClient> {
    const context = randomContext();
    const tracking = new SharedTracking(votequorumTracking(context));
    const receiver = {
      decode: (event: MessageReader) => checkContext(decodeVotequorumEvent(event), context),
      deliver: (event: VotequorumEvent) => tracking.told(event),
      ended: (error: ConnectionError | undefined) => tracking.ended(error),
    };
    const service = await ServiceClient.connect(resolveVotequorumOptions(options), receiver, {
      message: new GetInfoRequest(0),
      needed: 'datagrams',
    });
    return new VotequorumClient(service, tracking);
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

  /**
   * votequorum_getinfo: what corosync knows of a node, and of the cluster as this node sees it.
   * @param nodeId 0 to 4294967295; 0, the default, is this node
   * @throws CsError CS_ERR_NOT_EXIST: corosync has never seen a node of this id; CS_ERR_INVALID_PARAM: it is none.
   */
  async getInfo(nodeId = 0, options?: CallOptions): Promise<VotequorumInfo> {
    const id = checkOptions({ operation: 'votequorum_getinfo' }, nodeId, (_, value) =>
      nodeIdRule('nodeId', value),
    );
    return this.#service.submit(new GetInfoRequest(id), options);
  }

  /**
   * votequorum_trackstart: tells of nodes and quorum, first what holds and then every change. Votes, and whether the quorum device votes, change without any event:
   * read `getInfo` again now and then. Any number of trackers share one tracking at corosync.
   * @throws CsError CS_ERR_INVALID_PARAM: an option is wrong.
   */
  async track(options: VotequorumTrackOptions = {}): Promise<VotequorumTracker> {
    const { signal, timeoutMs, ...reader } = checkOptions(TRACK, options, trackRule);
    return this.#tracking.add(this.#service, reader, { signal, timeoutMs });
  }

  /** votequorum_finalize: lets calls that are under way settle, then closes; trackers end. Idempotent. */
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
