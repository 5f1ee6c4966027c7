import type { MessageReader } from '../codec/message-reader.ts';
import { decodeVotequorumEvent, type VotequorumEvent } from '../codec/votequorum/event.ts';
import { GetInfoRequest, type VotequorumInfo } from '../codec/votequorum/get-info.ts';
import type { RingId } from '../codec/ring-id.ts';
import type { ConnectionError } from '../errors/index.ts';
import type { CallOptions } from '../options/call-options.ts';
import { checkArgument } from '../options/check-options.ts';
import { uint32 } from '../options/rules.ts';
import {
  ConnectedClient,
  ServiceClient,
  SharedTracking,
  type ReadAccess,
  type ReadingClient,
  type ServiceTrackOptions,
} from '../service/index.ts';
import { resolveVotequorumOptions, type VotequorumConnectOptions } from './connect-options.ts';
import { QdeviceCalls, type VotequorumDeviceName } from './qdevice.ts';
import { checkContext, randomContext, votequorumTracking } from './tracking.ts';
import { VoteChanges, type VotequorumChangeOptions } from './vote-changes.ts';
import type { VotequorumTracker, VotequorumTrackEvent } from './votequorum-events.ts';

/** How the events of a tracker reach their reader, and how long to wait for corosync. */
export type VotequorumTrackOptions = ServiceTrackOptions<VotequorumTrackEvent>;

/** An event names 384 nodes at most, or says what the quorum device has to say of itself. */
const WAKING = { wake: () => new GetInfoRequest(0), largestEvent: 16_384 };

/**
 * A connection to corosync's votequorum service, which is there if corosync's configuration names it as the provider of quorum: votes, who is there, and
 * the quorum device. `getInfo`, `track` and `qdeviceGetExtraInfo` read; **all other calls change the whole cluster**, and none is ever made twice by itself.
 * Every call can also fail with CS_ERR_TIMEOUT (its `timeoutMs` is up), CS_ERR_LIBRARY (a ConnectionError: corosync is gone) and CS_ERR_BAD_HANDLE (called
 * after the end); an aborted one rejects with its signal's reason. `sent` of the error says whether a change may have happened.
 */
export class VotequorumClient extends ConnectedClient {
  readonly #service: ServiceClient;
  readonly #tracking: SharedTracking<VotequorumEvent, VotequorumTrackEvent>;
  readonly #votes: VoteChanges;
  readonly #qdevice: QdeviceCalls;

  private constructor(
    service: ServiceClient,
    tracking: SharedTracking<VotequorumEvent, VotequorumTrackEvent>,
  ) {
    super(service);
    this.#service = service;
    this.#tracking = tracking;
    this.#votes = new VoteChanges(service);
    this.#qdevice = new QdeviceCalls(service);
  }

  /**
   * votequorum_initialize.
   * @throws ConnectionError and CsError as `CmapClient.connect`; CS_ERR_LIBRARY also where corosync runs without votequorum.
   */
  static connect(options: VotequorumConnectOptions & ReadAccess): Promise<ReadOnlyVotequorumClient>;
  static connect(options?: VotequorumConnectOptions): Promise<VotequorumClient>;
  static async connect(options: VotequorumConnectOptions = {}): Promise<VotequorumClient> {
    const context = randomContext();
    const tracking = new SharedTracking(votequorumTracking(context));
    const receiver = {
      waking: WAKING,
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

  /**
   * **Changes the cluster.** votequorum_setexpected: how many votes all nodes expect there to be. Quorum is more than half of them. It takes effect
   * shortly after this resolves. What is expected follows the votes upwards by itself, and never downwards.
   * @param votes 1 to 509: with more, corosync's quorum would wrap around
   * @throws CsError CS_ERR_INVALID_PARAM, before it is sent: there are more than 509 votes, or this node is not quorate and `evenIfInquorate` is not set;
   *   from corosync: it is less than the votes there are, or so many that this node would lose quorum.
   */
  async setExpected(votes: number, options: VotequorumChangeOptions = {}): Promise<void> {
    await this.#votes.setExpected(votes, options);
  }

  /**
   * **Changes the cluster.** votequorum_setvotes: how many votes a node has, until it is restarted. It takes effect shortly after this resolves.
   * @param nodeId 1 to 4294967295; 0 would be the quorum device, and is refused
   * @param votes 0 to 509; those of all nodes, and of the quorum device, can be 509 in all: with more, corosync's quorum would wrap around
   * @throws CsError CS_ERR_INVALID_PARAM, before it is sent: there would be more than 509 votes, or this node is not quorate and `evenIfInquorate` is not
   *   set; from corosync: quorum would be more than the votes there are, or less than half of them. CS_ERR_NAME_NOT_FOUND: there was never such a node.
   */
  async setVotes(nodeId: number, votes: number, options: VotequorumChangeOptions = {}): Promise<void> {
    await this.#votes.setVotes(nodeId, votes, options);
  }

  /**
   * **Changes the cluster.** votequorum_qdevice_register: registers a quorum device on this node, not for this client: it stays when we go. A registered
   * device that has polled once must go on polling, at once after each nodelist event: corosync waits for it with each new membership, up to 30 s.
   * @param name 1 to 254 bytes without a NUL; one name for the whole cluster
   * @throws CsError CS_ERR_INVALID_PARAM, before it is sent: it is no such name; CS_ERR_EXIST: a device of another name is registered on a node;
   *   CS_ERR_TRY_AGAIN: another registration is under way.
   */
  async qdeviceRegister(name: VotequorumDeviceName, options?: CallOptions): Promise<void> {
    await this.#qdevice.register(name, options);
  }

  /**
   * **Changes the cluster.** votequorum_qdevice_unregister: the quorum device of this node, with its vote, is gone.
   * @throws CsError CS_ERR_NOT_EXIST: none is registered; CS_ERR_INVALID_PARAM: it has another name.
   */
  async qdeviceUnregister(name: VotequorumDeviceName, options?: CallOptions): Promise<void> {
    await this.#qdevice.unregister(name, options);
  }

  /**
   * **Changes the cluster.** votequorum_qdevice_update: renames the quorum device, shortly after this resolves.
   * @throws CsError as `qdeviceUnregister`.
   */
  async qdeviceUpdate(
    oldName: VotequorumDeviceName,
    newName: VotequorumDeviceName,
    options?: CallOptions,
  ): Promise<void> {
    await this.#qdevice.update(oldName, newName, options);
  }

  /**
   * **Changes the cluster.** votequorum_qdevice_poll: the quorum device is alive, and gives its vote or does not. Without a poll for
   * `quorum.device.timeout` (10 s) both are over.
   * @param ringId that of the last nodelist event
   * @throws CsError CS_ERR_MESSAGE_ERROR: there is a newer membership; and as `qdeviceUnregister`.
   */
  async qdevicePoll(
    name: VotequorumDeviceName,
    castVote: boolean,
    ringId: RingId,
    options?: CallOptions,
  ): Promise<void> {
    await this.#qdevice.poll(name, castVote, ringId, options);
  }

  /**
   * **Changes the cluster.** votequorum_qdevice_master_wins: whether nodes with the quorum device's vote are quorate whatever other votes they lack.
   * @throws CsError as `qdeviceUnregister`.
   */
  async qdeviceMasterWins(name: VotequorumDeviceName, allow: boolean, options?: CallOptions): Promise<void> {
    await this.#qdevice.masterWins(name, allow, options);
  }

  /**
   * **Changes the cluster.** votequorum_set_qdevice_extra_info, of corosyncs newer than 3.1: what the quorum device of this node tells all nodes of itself.
   * @param info 0 to 4096 bytes; none takes it back
   * @throws CsError CS_ERR_NOT_EXIST: no quorum device is registered; CS_ERR_INVALID_PARAM: info is too long, or this corosync does not know it.
   */
  async qdeviceSetExtraInfo(info: Uint8Array, options?: CallOptions): Promise<void> {
    await this.#qdevice.setExtraInfo(info, options);
  }

  /**
   * votequorum_get_qdevice_extra_info, of corosyncs newer than 3.1: what the quorum device of a node has told of itself.
   * @param nodeId 0 is the quorum device itself, which has none
   * @throws CsError CS_ERR_NOT_EXIST: corosync has never seen the node; CS_ERR_INVALID_PARAM: this corosync does not know it.
   */
  async qdeviceGetExtraInfo(nodeId: number, options?: CallOptions): Promise<Uint8Array> {
    return this.#qdevice.getExtraInfo(nodeId, options);
  }
}

/** A client that was connected with `access: 'read'`: it has no call that changes something. */
export type ReadOnlyVotequorumClient = ReadingClient<
  VotequorumClient,
  'getInfo' | 'track' | 'qdeviceGetExtraInfo'
>;
