import type { CpgAddress } from '../codec/cpg/address.ts';
import { decodeConfchg } from '../codec/cpg/confchg.ts';
import { cpgEventKind } from '../codec/cpg/event.ts';
import { JoinRequest } from '../codec/cpg/join.ts';
import { LeaveRequest } from '../codec/cpg/leave.ts';
import { decodeTotemConfchg } from '../codec/cpg/totem-confchg.ts';
import type { MessageReader } from '../codec/message-reader.ts';
import type { RequestMessage } from '../codec/message.ts';
import { ConnectionError, CsError } from '../errors/index.ts';
import { within } from '../ipc/index.ts';
import { CallLimits } from '../options/call-options.ts';
import type { CallSubject, ServiceClient } from '../service/index.ts';
import { afterTaken } from './after-taken.ts';
import { Assembly } from './assembly.ts';
import type { CpgEvent, CpgMembershipEvent, CpgRingEvent } from './cpg-events.ts';
import type { ReaderWatch } from './event-stream.ts';
import { Inbox } from './inbox.ts';
import type { MemberOptions } from './member-options.ts';
import { Outbox } from './sending/outbox.ts';
import { OwnWindow } from './sending/own-window.ts';
import { Standing } from './standing.ts';
import { PatientRequest } from './while-busy.ts';

/** Milliseconds that a leave has which nobody waits for: until it is ordered, or the connection is closed without it. */
const PARTING_MS = 2000;

const MCAST = 'cpg_mcast_joined';

/** Where the events of a group go. */
export interface EventSink {
  /** The sink says when its reader lags, and when there is no more room. */
  watch(watch: ReaderWatch): void;
  push(event: CpgEvent): void;
  /** Nothing more comes on this connection. */
  end(error?: Error): void;
}

/** This process in one group, on one connection: from its joining to its leaving. */
export class GroupMember {
  readonly group: string;
  readonly pid: number;
  readonly #name: Uint8Array;
  readonly #nodeId: number;
  readonly #initialRing: boolean;
  readonly #service: ServiceClient;
  readonly #sink: EventSink;
  readonly #window: OwnWindow;
  readonly #outbox: Outbox;
  readonly #inbox: Inbox;
  readonly #maxMessageBytes: number;
  readonly #windowBytes: (members: number) => number;
  readonly #standing: Standing;
  /** The change of members that is our own joining, and what nodes there were before it: it is told first, whatever else was in the same moment. */
  #ownJoining: CpgMembershipEvent | undefined;
  #earlyRing: CpgRingEvent | undefined;
  /** The change of members that is our own leaving: others may have come in the same moment, and are told before. */
  #farewell: CpgMembershipEvent | undefined;
  /** Nothing is told any more. */
  #isSilent = false;
  /** Nothing is asked for any more. */
  #isStopped = false;

  constructor(
    service: ServiceClient,
    nodeId: number,
    { group, name, pid, initialRing, windowBytes, ...limits }: MemberOptions,
    sink: EventSink,
  ) {
    this.group = group;
    this.pid = pid;
    this.#name = name;
    this.#nodeId = nodeId;
    this.#initialRing = initialRing;
    this.#service = service;
    this.#sink = sink;
    this.#standing = new Standing(group);
    this.#window = new OwnWindow(group, windowBytes(1), () => service.resume());
    this.#outbox = new Outbox(service, group, this.#window);
    this.#inbox = new Inbox(new Assembly(group, limits), this.#window, this.#isUs);
    this.#maxMessageBytes = limits.maxMessageBytes;
    this.#windowBytes = windowBytes;
    sink.watch({
      lagging: (lags) => this.#window.lagging(lags),
      overflowed: () => this.#giveUp(),
    });
  }

  /** As events name us. */
  get address(): CpgAddress {
    return { nodeId: this.#nodeId, pid: this.pid };
  }

  get state(): Standing['state'] {
    return this.#standing.state;
  }

  /** Bytes of messages that wait to be sent. */
  get bufferedBytes(): number {
    return this.#window.bufferedBytes;
  }

  /** Asks to join, and resolves when the group has ordered it. */
  async join(rest: () => CallLimits): Promise<CpgMembershipEvent> {
    const subject = this.#subject('cpg_join');
    const request = this.#patient(new JoinRequest(this.#name, this.pid, this.#initialRing), rest);
    this.#standing.asksToJoin();
    try {
      await request.make();
      return await afterTaken(this.#standing.whenJoined, subject, rest());
    } catch (error) {
      // It may still come to be a member, and could not leave before.
      if (request.mayTakeEffect) this.#service.destroy(error);
      throw error;
    }
  }

  /** In the order in which it comes; what it returns is told later. */
  decode(event: MessageReader): CpgEvent | undefined {
    switch (cpgEventKind(event)) {
      case 'deliver':
        return this.#standing.hears ? this.#inbox.message(event) : undefined;
      case 'partial-deliver':
        return this.#standing.hears ? this.#inbox.fragment(event) : undefined;
      case 'confchg':
        return this.#decodeMembership(event);
      case 'totem-confchg':
        return this.#decodeRing(event);
      default:
        return undefined;
    }
  }

  tell(event: CpgEvent): void {
    if (!this.#isSilent) this.#sink.push(event);
    if (event === this.#ownJoining && this.#earlyRing !== undefined) this.tell(this.#earlyRing);
    if (event === this.#farewell) this.#sink.end();
  }

  /** Resolves when corosync has taken the message. */
  mcast(message: Uint8Array, limits: CallLimits): Promise<void> {
    this.#checkSendable(message);
    return this.#outbox.send(message, limits);
  }

  /** Resolves when the message has come back from the group. */
  mcastDelivered(message: Uint8Array, limits: CallLimits): Promise<void> {
    this.#checkSendable(message);
    return this.#outbox.sendDelivered(message, limits);
  }

  /** Leaves behind all messages that were sent before. */
  async leave(rest: () => CallLimits): Promise<void> {
    const subject = this.#subject('cpg_leave');
    this.#standing.checkJoined(subject.operation);
    this.#standing.asksToLeave();
    const { timeoutMs, signal } = rest();
    await this.#orStay(within(this.#outbox.whenIdle(), { ...subject, timeoutMs, signal }), () => true);
    await this.#leaveNow(rest);
  }

  /** @param ahead of messages that wait to be sent, and will not be */
  async #leaveNow(rest: () => CallLimits, ahead = false): Promise<void> {
    this.#standing.asksToLeave();
    const request = this.#patient(new LeaveRequest(this.#name, this.pid), rest, ahead);
    // Where that is not sure, it counts as a leave: a second one, or a message, would be wrong if it does.
    await this.#orStay(request.make(), () => !request.mayTakeEffect);
    await afterTaken(this.#standing.whenLeft, this.#subject('cpg_leave'), rest());
  }

  /**
   * Lets go of the group, for a connection that is about to be closed. Never fails.
   * @param ahead of messages that wait to be sent, and will not be
   */
  async part(ahead = false): Promise<void> {
    const startedAt = performance.now();
    const limits = new CallLimits(PARTING_MS);
    const rest = (): CallLimits => limits.restSince(startedAt);
    try {
      if (this.state === 'joined') await (ahead ? this.#leaveNow(rest, ahead) : this.leave(rest));
      else if (this.state === 'leaving')
        await afterTaken(this.#standing.whenLeft, this.#subject('cpg_leave'), limits);
    } catch {
      // The end of the connection is a leave, too.
    }
  }

  /** The connection is about to be finalized: a join that came after that would never be told of. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Resolves when all messages that were given to us are settled. A large one that was given up has a while to go its way. */
  async whenSent(): Promise<void> {
    await this.#outbox.finish(PARTING_MS);
    await this.#service.whenSettled();
  }

  /** Nothing more is told, and nobody holds up what is to be sent. */
  silence(): void {
    this.#isSilent = true;
    this.#sink.end();
    this.#window.lagging(false);
  }

  ended(error: ConnectionError | undefined): void {
    const told =
      error ?? new ConnectionError('CS_ERR_BAD_HANDLE', { operation: 'connection', detail: 'it is closed' });
    this.#standing.ended(told);
    this.#window.end(told);
    this.#sink.end(error);
  }

  #decodeMembership(event: MessageReader): CpgMembershipEvent | undefined {
    const isJoining = this.state === 'joining';
    if (!this.#standing.hears && !isJoining) return undefined;
    const { members, joined, left } = decodeConfchg(event);
    const membership = { kind: 'membership', members, joined, left } as const;
    this.#window.limit = this.#windowBytes(members.length);
    if (isJoining) {
      if (!joined.some(this.#isUs)) return undefined;
      this.#ownJoining = membership;
      this.#standing.hasJoined(membership);
      return membership;
    }
    this.#inbox.left(left);
    if (left.some(this.#isUs)) {
      this.#standing.isOut();
      this.#farewell = membership;
      this.#window.checkComplete();
      this.#standing.hasLeft();
    }
    return membership;
  }

  #decodeRing(event: MessageReader): CpgRingEvent | undefined {
    const isEarly = this.state === 'joining' && this.#initialRing;
    if (!isEarly && !this.#standing.hears) return undefined;
    const { ringId: ring, members } = decodeTotemConfchg(event);
    const told = { kind: 'ring', ring, members } as const;
    if (!isEarly) return told;
    this.#earlyRing = told;
    return undefined;
  }

  readonly #isUs = ({ nodeId, pid }: CpgAddress): boolean => nodeId === this.#nodeId && pid === this.pid;

  /** A message that we could not receive is not sent: it comes back to us, too. */
  #checkSendable({ length }: Uint8Array): void {
    this.#standing.checkJoined(MCAST);
    if (length <= this.#maxMessageBytes) return;
    const detail = `the message has ${length} bytes, more than maxMessageBytes, ${this.#maxMessageBytes}`;
    throw new CsError('CS_ERR_TOO_BIG', { ...this.#subject(MCAST), detail });
  }

  #patient(message: RequestMessage<void>, rest: () => CallLimits, urgent = false): PatientRequest {
    return new PatientRequest(this.#subject(message.operation), rest, (onOver) => {
      if (!this.#isStopped) return this.#service.submit(message, rest(), { onOver, urgent });
      onOver(false);
      const detail = 'the connection is closed';
      throw new CsError('CS_ERR_BAD_HANDLE', { ...this.#subject(message.operation), detail });
    });
  }

  /** A step of the leave. Where it fails without effect, we go on as a member. */
  async #orStay(step: Promise<void>, hadNoEffect: () => boolean): Promise<void> {
    try {
      await step;
    } catch (error) {
      if (hadNoEffect()) this.#standing.stays();
      throw error;
    }
  }

  /** The reader is so far behind that what comes cannot be kept: a member that skips messages is none. */
  #giveUp(): void {
    const error = new ConnectionError('CS_ERR_NO_SPACE', {
      ...this.#subject('cpg_dispatch'),
      detail:
        'the events of the group were not read in time, and there is no more room to keep them (maxQueuedBytes); the group was left',
    });
    this.#isSilent = true;
    this.#sink.end(error);
    this.#window.shut();
    void this.part(true).then(() => this.#service.destroy(error));
  }

  #subject(operation: string): Required<CallSubject> {
    return { operation, key: this.group };
  }
}
