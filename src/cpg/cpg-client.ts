import type { CpgAddress } from '../codec/cpg/address.ts';
import { FinalizeRequest } from '../codec/cpg/finalize.ts';
import type { CpgGroupName } from '../codec/cpg/group-name.ts';
import type { CpgIterationItem } from '../codec/cpg/iteration.ts';
import { JoinRequest } from '../codec/cpg/join.ts';
import { LocalGetRequest } from '../codec/cpg/local-get.ts';
import type { MessageReader } from '../codec/message-reader.ts';
import { asError, CsError, type ConnectionError } from '../errors/index.ts';
import { within, type IpcOptions } from '../ipc/index.ts';
import { CallLimits, type CallOptions } from '../options/call-options.ts';
import { checkArgument } from '../options/check-options.ts';
import { textOrBytes } from '../options/rules.ts';
import {
  ConnectedClient,
  ServiceClient,
  type EventReceiver,
  type ReadAccess,
  type ReadingClient,
} from '../service/index.ts';
import { resolveCpgOptions, type CpgConnectOptions } from './connect-options.ts';
import type { CpgEvent, CpgMembershipEvent } from './cpg-events.ts';
import { bytesOf, EventStream } from './event-stream.ts';
import { GroupMember, type EventSink } from './group-member.ts';
import { resolveJoin, type CpgJoinOptions } from './join-options.ts';
import { inJoinTurn } from './join-turns.ts';
import { addressOf, groupOf, list } from './listing.ts';
import type { MemberOptions } from './member-options.ts';
import { bytesOfMessage, resolveMcastOptions, type CpgMcastOptions } from './sending/mcast-options.ts';

/** Of a node that is lost with more than 128 processes in one group, or comes back with them, corosync on all other nodes overruns its heap. */
const MOST_ON_NODE = 100;

/** Milliseconds that a connection's end waits for corosync to acknowledge it. */
const FINALIZE_MS = 1000;

/**
 * A connection to corosync's service of closed process groups. It can join one group, once. All members get the same messages and the same changes of
 * members, in the same order; our own messages, too. The queries need no group. Every call can also fail with CS_ERR_TIMEOUT (its `timeoutMs` is up),
 * CS_ERR_LIBRARY (a ConnectionError: corosync is gone) and CS_ERR_BAD_HANDLE (called after the end); an aborted one rejects with its signal's reason. `sent`
 * of the error says whether a message may have gone out.
 */
export class CpgClient extends ConnectedClient {
  readonly #service: ServiceClient;
  readonly #nodeId: number;
  readonly #switchboard: Switchboard;
  #stream: EventStream<CpgEvent> | undefined;
  #closing: Promise<void> | undefined;

  private constructor(service: ServiceClient, nodeId: number, switchboard: Switchboard) {
    super(service);
    this.#service = service;
    this.#nodeId = nodeId;
    this.#switchboard = switchboard;
  }

  /**
   * cpg_model_initialize.
   * @throws ConnectionError and CsError as `CmapClient.connect`.
   */
  static connect(options: CpgConnectOptions & ReadAccess): Promise<ReadOnlyCpgClient>;
  static connect(options?: CpgConnectOptions): Promise<CpgClient>;
  static async connect(options: CpgConnectOptions = {}): Promise<CpgClient> {
    const ipc = resolveCpgOptions(options);
    const startedAt = performance.now();
    const switchboard = new Switchboard(ipc.bufferSize);
    const service = await ServiceClient.connect(ipc, switchboard);
    try {
      return new CpgClient(service, await askNodeId(service, ipc, startedAt), switchboard);
    } catch (error) {
      service.destroy(error);
      throw error;
    }
  }

  /** The group that this connection has joined; lossy if its name is no text. */
  get group(): string | undefined {
    return this.#switchboard.member?.group;
  }

  /** The number by which the group knows this process on this node. */
  get pid(): number | undefined {
    return this.#switchboard.member?.pid;
  }

  /** Who we are in the group, as events name us: the id of this node, and `pid`. */
  get address(): CpgAddress | undefined {
    return this.#switchboard.member?.address;
  }

  /** Bytes of messages that were given to `mcast` and wait to be sent. */
  get bufferedBytes(): number {
    return this.#switchboard.member?.bufferedBytes ?? 0;
  }

  /** cpg_local_get: the id of this node. */
  async localNodeId(options?: CallOptions): Promise<number> {
    return this.#service.submit(new LocalGetRequest(), options, { urgent: true });
  }

  /** cpg_iteration: the groups of the cluster that have members. */
  async groups(options?: CallOptions): Promise<CpgGroupName[]> {
    return (await list(this.#service, { type: 'names' }, options)).map(groupOf);
  }

  /**
   * cpg_membership_get: the members of a group, whether we have joined it or not; none where there is no such group. It is asked for by an iteration, because
   * corosync aborts when it is asked in the other way about a group of more than 384.
   * @throws CsError CS_ERR_INVALID_PARAM: no group has such a name
   */
  async members(group: string | Uint8Array, options?: CallOptions): Promise<CpgAddress[]> {
    const name = checkArgument({ operation: 'cpg_membership_get' }, 'group', group, textOrBytes);
    return (await list(this.#service, { type: 'group', group: name }, options)).map(addressOf);
  }

  /** cpg_iteration: the members of all groups. */
  async allMembers(options?: CallOptions): Promise<CpgIterationItem[]> {
    return list(this.#service, { type: 'all' }, options);
  }

  /**
   * cpg_join: makes this process a member of a group, and resolves with its members when all members have been told. From then on messages can be sent, and
   * come. A join that is given up on its way ends the connection.
   * @param group 1 to 127 bytes without a NUL
   * @throws CsError CS_ERR_INVALID_PARAM: no group can have such a name, or an option is wrong; CS_ERR_EXIST: this connection has joined a group already, or
   *   a process of this node is in the group with the same pid; CS_ERR_NO_RESOURCES: 100 processes of this node are in the group, and more could make other
   *   nodes' corosync crash.
   */
  async join(group: string | Uint8Array, options: CpgJoinOptions = {}): Promise<CpgMembershipEvent> {
    const { member, call, listener } = resolveJoin(group, options);
    const { maxQueuedBytes } = member;
    const stream = new EventStream<CpgEvent>({ listener, maxQueuedBytes, bytesOf });
    const view = await this.joinInto(member, stream, call);
    this.#stream = stream;
    return view;
  }

  /**
   * What the group tells, beginning with the change of members that is our own joining. `for await` gives the events to one loop at a time; what is unread
   * when it is left is for the next one. It ends when the group was left, and throws ConnectionError where that was not by us. **Somebody must read it**, or
   * `join` have a `listener`: beyond `maxQueuedBytes` of unread events the group is left.
   * @throws CsError CS_ERR_NOT_EXIST: no group was joined; CS_ERR_INVALID_PARAM: there is a listener; CS_ERR_BUSY: there is a loop already.
   */
  events(): AsyncIterableIterator<CpgEvent, undefined> {
    const operation = 'cpg_dispatch';
    if (this.#stream !== undefined) return this.#stream.read(operation);
    throw new CsError('CS_ERR_NOT_EXIST', { operation, detail: 'this connection has not joined a group' });
  }

  /**
   * cpg_mcast_joined: sends a message to all members. Resolves when corosync has taken it, or with `delivered` when it has come back: messages go out in the
   * order of the calls, and wait as long as corosync cannot take them, or too many of ours are on their way. A call that is given up before it is sent has no
   * effect; one that is given up later rejects, and the message goes its way. One of more than 1,047,552 bytes (60,000 over datagrams) goes out in fragments,
   * and may have to begin again when the group changes: 30 times, then it is given up. Later messages wait behind it.
   * @param message up to `maxMessageBytes`; must not be changed before this settles, or for one that was given up, before `close` has
   * @throws CsError CS_ERR_NOT_EXIST: this connection is not in a group; CS_ERR_INVALID_PARAM: it is no message; CS_ERR_TOO_BIG: it has more than
   *   `maxMessageBytes`; CS_ERR_INTERRUPT, CS_ERR_TRY_AGAIN: it had to begin again too often, and was not sent.
   */
  mcast(message: string | Uint8Array, options?: CpgMcastOptions): Promise<void> {
    try {
      const member = this.#requireMember('cpg_mcast_joined');
      const bytes = bytesOfMessage(message);
      if (options === undefined) return member.mcast(bytes, this.#service.defaultLimits);
      const { delivered, timeoutMs, signal } = resolveMcastOptions(options);
      const limits = new CallLimits(timeoutMs ?? this.#service.defaultLimits.timeoutMs, signal);
      return delivered === true ? member.mcastDelivered(bytes, limits) : member.mcast(bytes, limits);
    } catch (error) {
      return Promise.reject(asError(error));
    }
  }

  /**
   * cpg_leave: resolves when the group has ordered it; all messages sent before have come back by then. The connection can join no other group, and is good
   * for queries only.
   * @throws CsError CS_ERR_NOT_EXIST: this connection is not in a group.
   */
  async leave(options?: CallOptions): Promise<void> {
    const member = this.#requireMember('cpg_leave');
    await member.leave(this.#restOf('cpg_leave', options, member.group));
  }

  /** cpg_finalize: lets calls that are under way settle, leaves the group, then closes. What was accepted is not lost. Idempotent. */
  override close(): Promise<void> {
    this.#closing ??= this.#finish();
    return this.#closing;
  }

  /**
   * Joins, and has the events told to whoever wants them.
   * @internal
   */
  async joinInto(member: MemberOptions, sink: EventSink, options?: CallOptions): Promise<CpgMembershipEvent> {
    const operation = 'cpg_join';
    const subject = { operation, key: member.group };
    const rest = this.#restOf(operation, options, member.group);
    this.#service.check(new JoinRequest(member.name, member.pid, member.initialRing));
    if (this.#switchboard.member !== undefined) throw joinedAlready(subject);
    const joining = new GroupMember(this.#service, this.#nodeId, member, sink);
    this.#switchboard.member = joining;
    try {
      return await inJoinTurn(
        member.group,
        (before) => within(before, { ...subject, timeoutMs: rest().timeoutMs, signal: rest().signal }),
        () => this.#joinNow(joining, member, rest),
      );
    } catch (error) {
      if (joining.state === 'new' || joining.state === 'joining') this.#switchboard.member = undefined;
      throw error;
    }
  }

  /** Counts who is there, before and afterwards: others may join at the same moment. */
  async #joinNow(
    joining: GroupMember,
    { name, group: key }: MemberOptions,
    rest: () => CallLimits,
  ): Promise<CpgMembershipEvent> {
    const isOnNode = ({ nodeId }: CpgAddress): boolean => nodeId === this.#nodeId;
    const there = await this.members(name, rest());
    if (there.filter(isOnNode).length >= MOST_ON_NODE) throw tooMany(key);
    const view = await joining.join(rest);
    if (view.members.filter(isOnNode).length <= MOST_ON_NODE) return view;
    await this.close();
    throw tooMany(key);
  }

  async #finish(): Promise<void> {
    const { member } = this.#switchboard;
    if (member !== undefined && !this.closed) {
      member.silence();
      await member.whenSent();
      await member.part();
      member.stop();
      this.#switchboard.isFinalized = true;
      await this.#service.submit(new FinalizeRequest(), { timeoutMs: FINALIZE_MS }).catch(() => undefined);
    }
    await this.#service.close();
  }

  #requireMember(operation: string): GroupMember {
    const { member } = this.#switchboard;
    if (this.#closing === undefined && member !== undefined) return member;
    if (this.closed || this.#closing !== undefined)
      throw new CsError('CS_ERR_BAD_HANDLE', { operation, detail: 'the connection is closed' });
    throw new CsError('CS_ERR_NOT_EXIST', {
      operation,
      detail: 'this connection has not joined a group; join one first',
    });
  }

  #restOf(operation: string, options: CallOptions | undefined, key: string): () => CallLimits {
    const startedAt = performance.now();
    const limits = this.#service.limits(options, operation, key);
    return () => limits.restSince(startedAt);
  }
}

/** A client that was connected with `access: 'read'`: it joins no group. */
export type ReadOnlyCpgClient = ReadingClient<CpgClient, 'localNodeId' | 'groups' | 'members' | 'allMembers'>;

/** Hands the events of a connection to the group that it has joined. */
class Switchboard implements EventReceiver<CpgEvent> {
  member: GroupMember | undefined;
  /** Behind cpg_finalize nothing is asked any more. */
  isFinalized = false;
  readonly waking;

  constructor(largestEvent: number) {
    const wake = (): LocalGetRequest | undefined => (this.isFinalized ? undefined : new LocalGetRequest());
    this.waking = { wake, largestEvent, holdsChanges: false };
  }

  decode(event: MessageReader): CpgEvent | undefined {
    return this.member?.decode(event);
  }

  deliver(event: CpgEvent): void {
    this.member?.tell(event);
  }

  ended(error: ConnectionError | undefined): void {
    this.member?.ended(error);
  }
}

function askNodeId(service: ServiceClient, ipc: IpcOptions, startedAt: number): Promise<number> {
  return service.submit(
    new LocalGetRequest(),
    new CallLimits(ipc.timeoutMs, ipc.signal).restSince(startedAt),
  );
}

function joinedAlready(subject: { operation: string; key: string }): CsError {
  const detail =
    'this connection has joined a group already; make another one for another group, or to join again';
  return new CsError('CS_ERR_EXIST', { ...subject, detail });
}

function tooMany(key: string): CsError {
  const detail = `${MOST_ON_NODE} processes of this node are in the group; with more than 128, the loss of this node would make corosync crash on all others`;
  return new CsError('CS_ERR_NO_RESOURCES', { operation: 'cpg_join', key, detail });
}
