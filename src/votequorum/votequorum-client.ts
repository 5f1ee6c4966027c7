import type { MessageReader } from '../codec/message-reader.ts';
import { decodeVotequorumEvent, type VotequorumEvent } from '../codec/votequorum/event.ts';
import { GetInfoRequest, type VotequorumInfo } from '../codec/votequorum/get-info.ts';
import type { ConnectionError } from '../errors/index.ts';
import type { CallOptions } from '../options/call-options.ts';
import { checkArgument } from '../options/check-options.ts';
import { uint32 } from '../options/rules.ts';
import {
  ConnectedClient,
  ServiceClient,
  SharedTracking,
  type ServiceTrackOptions,
} from '../service/index.ts';
import { resolveVotequorumOptions, type VotequorumConnectOptions } from './connect-options.ts';
import { checkContext, randomContext, votequorumTracking } from './tracking.ts';
import type { VotequorumTracker, VotequorumTrackEvent } from './votequorum-events.ts';

/** How the events of a tracker reach their reader, and how long to wait for corosync. */
export type VotequorumTrackOptions = ServiceTrackOptions<VotequorumTrackEvent>;

/**
 * A connection to corosync's votequorum service, which is there if corosync's configuration names it as the provider of quorum: votes, who is there, and
 * the quorum device. It changes nothing. Every call can also fail with CS_ERR_TIMEOUT (its `timeoutMs` is up), CS_ERR_LIBRARY (a ConnectionError:
 * corosync is gone) and CS_ERR_BAD_HANDLE (called after the end); an aborted one rejects with its signal's reason.
 */
export class VotequorumClient extends ConnectedClient {
  readonly #service: ServiceClient;
  readonly #tracking: SharedTracking<VotequorumEvent, VotequorumTrackEvent>;

  private constructor(
    service: ServiceClient,
    tracking: SharedTracking<VotequorumEvent, VotequorumTrackEvent>,
  ) {
    super(service);
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

  /**
   * votequorum_getinfo: what corosync knows of a node, and of the cluster as this node sees it.
   * @param nodeId 0 to 4294967295; 0, the default, is this node
   * @throws CsError CS_ERR_NOT_EXIST: corosync has never seen a node of this id; CS_ERR_INVALID_PARAM: it is none.
   */
  async getInfo(nodeId = 0, options?: CallOptions): Promise<VotequorumInfo> {
    const id = checkArgument({ operation: 'votequorum_getinfo' }, 'nodeId', nodeId, uint32);
    return this.#service.submit(new GetInfoRequest(id), options);
  }

  /**
   * votequorum_trackstart: tells of nodes and quorum, first what holds and then every change. Votes, and whether the quorum device votes, change without any event:
   * read `getInfo` again now and then. Any number of trackers share one tracking at corosync.
   * @throws CsError CS_ERR_INVALID_PARAM: an option is wrong.
   */
  async track(options: VotequorumTrackOptions = {}): Promise<VotequorumTracker> {
    return this.#tracking.add(this.#service, options);
  }
}
