import type { CpgAddress } from '../codec/cpg/address.ts';
import { decodeConfchg } from '../codec/cpg/confchg.ts';
import { decodeDelivery } from '../codec/cpg/deliver.ts';
import { cpgEventKind } from '../codec/cpg/event.ts';
import { JoinRequest } from '../codec/cpg/join.ts';
import { LeaveRequest } from '../codec/cpg/leave.ts';
import { decodeTotemConfchg } from '../codec/cpg/totem-confchg.ts';
import type { MessageReader } from '../codec/message-reader.ts';
import { ConnectionError, CsError } from '../errors/index.ts';
import { within } from '../ipc/index.ts';
import { CallLimits } from '../options/call-options.ts';
import type { CallSubject, ServiceClient } from '../service/index.ts';
import type { CpgEvent, CpgMembershipEvent, CpgMessageEvent, CpgRingEvent } from './cpg-events.ts';
import { Deferred } from './deferred.ts';
import type { EventStream } from './event-stream.ts';
import type { GroupOptions } from './join-options.ts';
import { AwaitedMulticast, Multicast } from './own-message.ts';
import { OwnWindow } from './own-window.ts';
import { whileBusy } from './while-busy.ts';

/** Milliseconds that a leave has which nobody waits for: until it is ordered, or the connection is closed without it. */
const PARTING_MS = 2000;

/** What a process is to its group. */
type State =
  /** Has not asked yet. */
  | 'new'
  /** Has asked, or is about to: nothing counts until its own change of members. */
  | 'joining'
  | 'joined'
  | 'leaving'
  /** What comes is no business of ours any more, though corosync goes on sending it. */
  | 'left'
  /** The connection has ended. */
  | 'ended';

/** This process in one group, on one connection: from its joining to its leaving. */
export class GroupMember {
  readonly group: string;
  readonly pid: number;
  readonly #name: string | Uint8Array;
  readonly #nodeId: number;
  readonly #initialRing: boolean;
  readonly #service: ServiceClient;
  readonly #stream: EventStream<CpgEvent>;
  readonly #window: OwnWindow;
  readonly #joined = new Deferred<CpgMembershipEvent>();
  readonly #left = new Deferred<void>();
  #state: State = 'new';
  /** Nothing is told any more. */
  #isSilent = false;
  /** Of the last message: most come in a row from the same. */
  #from: CpgAddress = { nodeId: 0, pid: 0 };

  constructor(
    service: ServiceClient,
    nodeId: number,
    { group, name, pid, initialRing, windowBytes }: GroupOptions,
    stream: EventStream<CpgEvent>,
  ) {
    this.group = group;
    this.pid = pid;
    this.#name = name;
    this.#nodeId = nodeId;
    this.#initialRing = initialRing;
    this.#service = service;
    this.#stream = stream;
    this.#window = new OwnWindow(group, windowBytes, () => service.resume());
    stream.watch({
      lagging: (lags) => this.#window.lagging(lags),
      overflowed: () => this.#giveUp(),
    });
  }

  get state(): State {
    return this.#state;
  }

  /** Bytes of messages that wait to be sent. */
  get bufferedBytes(): number {
    return this.#window.bufferedBytes;
  }

  /** Asks to join, and resolves when the group has ordered it. */
  async join(rest: () => CallLimits): Promise<CpgMembershipEvent> {
    const subject = this.#subject('cpg_join');
    const message = new JoinRequest(this.#name, this.pid, this.#initialRing);
    this.#state = 'joining';
    try {
      await whileBusy(subject, rest, () => this.#service.submit(message, rest()));
      const { timeoutMs, signal } = rest();
      return await within(this.#joined.promise, { ...subject, timeoutMs, signal, sent: 'yes' });
    } catch (error) {
      // It may still come to be a member, and could not leave before.
      if (!hasNoEffect(error)) this.#service.destroy(error);
      throw error;
    }
  }

  /** In the order in which it comes; what it returns is told later. */
  decode(event: MessageReader): CpgEvent | undefined {
    switch (cpgEventKind(event)) {
      case 'deliver':
        return this.#decodeMessage(event);
      case 'confchg':
        return this.#decodeMembership(event);
      case 'totem-confchg':
        return this.#decodeRing(event);
      default:
        return undefined;
    }
  }

  tell(event: CpgEvent): void {
    if (!this.#isSilent) this.#stream.push(event);
    if (this.#state === 'left' && event.type === 'membership') this.#stream.end();
  }

  /** Resolves when corosync has taken the message. */
  mcast(message: Uint8Array, limits: CallLimits): Promise<void> {
    this.#checkJoined('cpg_mcast_joined');
    return this.#send(new Multicast(this.group, message, this.#window), limits);
  }

  /** Resolves when the message has come back from the group. */
  async mcastDelivered(message: Uint8Array, limits: CallLimits): Promise<void> {
    const subject = this.#subject('cpg_mcast_joined');
    this.#checkJoined(subject.operation);
    const startedAt = performance.now();
    const sent = new AwaitedMulticast(this.group, message, this.#window);
    await this.#send(sent, limits);
    const { timeoutMs, signal } = limits;
    await within(sent.whenDelivered, { ...subject, timeoutMs, signal, startedAt, sent: 'yes' });
  }

  /** Leaves behind all messages that were sent before. */
  async leave(rest: () => CallLimits): Promise<void> {
    const subject = this.#subject('cpg_leave');
    this.#checkJoined(subject.operation);
    if (this.#state === 'joined') this.#state = 'leaving';
    try {
      await whileBusy(subject, rest, () =>
        this.#service.submit(new LeaveRequest(this.#name, this.pid), rest()),
      );
    } catch (error) {
      // Where that is not sure, it stays as it is: a second leave, or a message, would be wrong if the first one counts.
      if (error instanceof CsError && error.sent === 'no') this.#stay();
      throw error;
    }
    const { timeoutMs, signal } = rest();
    await within(this.#left.promise, { ...subject, timeoutMs, signal, sent: 'yes' });
  }

  /** Lets go of the group, for a connection that is about to be closed. What is sent before still goes out, unless the window is shut. Never fails. */
  async part(): Promise<void> {
    const startedAt = performance.now();
    const limits = new CallLimits(PARTING_MS);
    const rest = (): CallLimits => limits.restSince(startedAt);
    try {
      if (this.#state === 'joined') await this.leave(rest);
      else if (this.#state === 'leaving')
        await within(this.#left.promise, { ...this.#subject('cpg_leave'), timeoutMs: PARTING_MS });
    } catch {
      // The end of the connection is a leave, too.
    }
  }

  /** Nothing more is told, and nobody holds up what is to be sent. */
  silence(): void {
    this.#isSilent = true;
    this.#stream.end();
    this.#window.lagging(false);
  }

  ended(error: ConnectionError | undefined): void {
    this.#state = 'ended';
    const told =
      error ?? new ConnectionError('CS_ERR_BAD_HANDLE', { operation: 'connection', detail: 'it is closed' });
    this.#joined.reject(told);
    this.#left.reject(told);
    this.#window.end(told);
    this.#stream.end(error);
  }

  #decodeMessage(event: MessageReader): CpgMessageEvent | undefined {
    if (!this.#hears) return undefined;
    const { nodeId, pid, message } = decodeDelivery(event);
    if (nodeId === this.#nodeId && pid === this.pid) this.#window.delivered(message.length);
    if (this.#from.pid !== pid || this.#from.nodeId !== nodeId) this.#from = Object.freeze({ nodeId, pid });
    return { type: 'message', from: this.#from, message };
  }

  #decodeMembership(event: MessageReader): CpgMembershipEvent | undefined {
    if (!this.#hears && this.#state !== 'joining') return undefined;
    const { members, joined, left } = decodeConfchg(event);
    const membership = { type: 'membership', members, joined, left } as const;
    if (this.#state === 'joining') {
      if (!joined.some(this.#isUs)) return undefined;
      this.#state = 'joined';
      this.#joined.resolve(membership);
    } else if (left.some(this.#isUs)) {
      if (this.#state !== 'leaving') throw this.#thrownOut();
      this.#state = 'left';
      this.#window.checkComplete();
      this.#left.resolve();
    }
    return membership;
  }

  #decodeRing(event: MessageReader): CpgRingEvent | undefined {
    const isWanted = this.#state === 'joining' ? this.#initialRing : this.#hears;
    if (!isWanted) return undefined;
    const { ringId: ring, members } = decodeTotemConfchg(event);
    return { type: 'ring', ring, members };
  }

  /** Whether what comes is for us. */
  get #hears(): boolean {
    return this.#state === 'joined' || this.#state === 'leaving';
  }

  readonly #isUs = ({ nodeId, pid }: CpgAddress): boolean => nodeId === this.#nodeId && pid === this.pid;

  #send(message: Multicast, { timeoutMs, signal }: CallLimits): Promise<void> {
    this.#window.queued(message.length);
    return this.#service.send(message, { timeoutMs, signal, onOver: this.#onOver });
  }

  /** One that was given up before it was sent. */
  readonly #onOver = (_succeeded: boolean, message: object): void => {
    if (message instanceof Multicast && !message.isPosted) this.#window.over(message.length);
  };

  #stay(): void {
    if (this.#state === 'leaving') this.#state = 'joined';
  }

  /** The reader is so far behind that what comes cannot be kept: a member that skips messages is none. */
  #giveUp(): void {
    const error = new ConnectionError('CS_ERR_NO_SPACE', {
      ...this.#subject('cpg_dispatch'),
      detail:
        'the events of the group were not read in time, and there is no more room to keep them (maxQueuedBytes); the group was left',
    });
    this.#isSilent = true;
    this.#stream.end(error);
    this.#window.shut();
    void this.part().then(() => this.#service.destroy(error));
  }

  #checkJoined(operation: string): void {
    // Of a connection that is gone, the connection says why.
    if (this.#state === 'joined' || this.#state === 'ended') return;
    const detail = {
      new: 'this connection has not joined a group; join one first',
      joining: 'the join is not complete yet; wait for it first',
      leaving: 'this connection is leaving its group',
      left: 'this connection has left its group; make another one to join again',
    }[this.#state];
    throw new CsError('CS_ERR_NOT_EXIST', { ...this.#subject(operation), detail });
  }

  #subject(operation: string): Required<CallSubject> {
    return { operation, key: this.group };
  }

  #thrownOut(): ConnectionError {
    const detail = 'corosync says that this process has left the group, which it did not ask for';
    return new ConnectionError('CS_ERR_LIBRARY', { ...this.#subject('cpg_dispatch'), detail });
  }
}

/** Whether corosync has refused the request, or has not got it. */
function hasNoEffect(error: unknown): boolean {
  if (!(error instanceof CsError)) return false;
  return error.sent === 'no' || (error.sent === 'yes' && error.code !== 'CS_ERR_TIMEOUT');
}
