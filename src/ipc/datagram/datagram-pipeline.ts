import { malformed } from '../../codec/malformed.ts';
import { MessageWriter } from '../../codec/message-writer.ts';
import type { AnyMessage, RequestMessage } from '../../codec/message.ts';
import { ConnectionError } from '../../errors/index.ts';
import type { ChangePace } from '../calls/change-pace.ts';
import { lostAnswers } from '../calls/answer-errors.ts';
import { NO_PROGRESS, type BatchProgress } from '../calls/batch-progress.ts';
import { CallLedger } from '../calls/call-ledger.ts';
import { loopTurn } from '../calls/loop-turn.ts';
import { BatchRoom, type DatagramLimits } from './batch-room.ts';
import type { BatchTurn } from '../turns/batch-turn.ts';
import type { DatagramControl } from './datagram-control.ts';
import { MAX_DATAGRAM } from './datagram-socket.ts';
import { foreignDatagram } from './foreign-datagram.ts';
import { NextPoll } from '../next-poll.ts';
import type { PendingCall, Urgency } from '../calls/pending-call.ts';
import { refuseTooBig } from '../calls/too-big.ts';
import { wholeMessage } from './whole-datagram.ts';
import { WAIT, WaitLadder } from '../calls/wait-ladder.ts';

/** Turns of the event loop from a datagram's arrival to its delivery: one to read it, two to believe it, and one to hand it on. */
const TURNS_TO_DELIVER = 4;

/** What the pipeline needs of the control file. */
export type BatchCounters = Pick<
  DatagramControl,
  'flowControl' | 'startBatch' | 'endBatch' | 'requestsTaken' | 'responsesSent'
>;

/**
 * Sends requests as datagrams, in batches, and matches answers to them, in order.
 *
 * corosync drops an answer that our socket has no room for: so a batch is bounded by the length of a socket's queue, and by
 * what the kernel counts for its messages in either direction.
 *
 * Any local user can write to our socket, and of an abstract sender the kernel's address is not passed on to us. But
 * corosync counts its answers in the control file, which nobody else can write. So a batch is believed as a whole: when as
 * many datagrams have come as requests were sent, when corosync says that it has sent as many, and when after that
 * one more look at the socket finds nothing. Whatever comes on top was written by somebody else, and ends the connection.
 */
export class DatagramPipeline {
  readonly #control: BatchCounters;
  readonly #limits: DatagramLimits;
  readonly #sendDatagram: (bytes: Buffer) => void;
  readonly #onFailure: (cause: unknown) => void;
  readonly #ledger: CallLedger;
  readonly #ladder = new WaitLadder(() => this.#wake());
  readonly #writer = new MessageWriter(Buffer.alloc(MAX_DATAGRAM));
  readonly #nextPoll = new NextPoll();
  #expiry: NodeJS.Immediate | undefined;
  #answers: Buffer[] = [];
  /** Requests of the batch that the kernel has. */
  #posted = 0;
  /** On the clock of `performance.now()`: when the last answer of the batch came. */
  #completeAt = 0;
  /** On the clock of `performance.now()`: when the batch went out. */
  #sentAt = 0;
  #scheduled = false;
  /** The answers of the batch are complete, and are given out in a moment. */
  #delivering = false;
  #stopped = false;
  #whenAnswered: (() => void) | undefined;

  /**
   * @param send hands a datagram to the kernel, or throws
   * @param onFailure the protocol is broken and the connection must go
   * @param turn what lists and changes wait for
   * @param pace what changes wait for
   */
  constructor(
    control: BatchCounters,
    limits: DatagramLimits,
    send: (bytes: Buffer) => void,
    onFailure: (cause: unknown) => void,
    turn?: BatchTurn,
    pace?: ChangePace,
  ) {
    this.#ledger = new CallLedger(() => this.#expire(TURNS_TO_DELIVER), turn, pace);
    turn?.onEntered(() => this.#schedule());
    pace?.onFree(() => this.#schedule());
    this.#control = control;
    this.#limits = limits;
    this.#sendDatagram = send;
    this.#onFailure = onFailure;
  }

  /** A message that the sockets could not carry fails here, before anything is sent. */
  submit(call: PendingCall, urgent: Urgency = false): void {
    const most = Math.min(this.#limits.maxMessageSize, MAX_DATAGRAM);
    const refusal = refuseTooBig(call.message, { request: most, answer: most });
    if (refusal !== undefined) return call.fail(refusal);
    this.#ledger.add(call, urgent);
    if (this.#ledger.batchSize === 0) this.#schedule();
    else this.#ledger.armDeadlines();
  }

  /** What a window has held back may go out now. */
  resume(): void {
    if (this.#ledger.batchSize === 0) this.#schedule();
  }

  /** How many such requests go out together at most. */
  mostTogether(message: RequestMessage<unknown>): number {
    const room = new BatchRoom(this.#limits);
    let count = 0;
    while (room.take(message)) count += 1;
    return count;
  }

  get settled(): boolean {
    return this.#ledger.settled;
  }

  whenSettled(): Promise<void> {
    return this.#ledger.whenSettled();
  }

  /** A datagram on the socket of the answers. */
  receive(bytes: Buffer): void {
    if (this.#stopped) return;
    this.#answers.push(bytes);
    const missing = this.#ledger.answersToCome - this.#answers.length;
    if (missing < 0) this.#onFailure(foreignDatagram());
    if (missing !== 0) return;
    this.#completeAt = performance.now();
    this.#wake();
  }

  /** Whether the connection must not end before an answer has come. */
  get holdsConnection(): boolean {
    return this.#ledger.holdsConnection;
  }

  /** Nobody waits any more, but the batch is still to be answered. Where that can no longer be told, nothing is called back. */
  hide(error: ConnectionError, whenAnswered: () => void): void {
    this.#whenAnswered = whenAnswered;
    this.#ledger.hideAll(error, this.#progress(false));
  }

  /** From now on the wait for answers does not keep the process alive. */
  unref(): void {
    this.#ladder.unref();
  }

  /** @param serverGone corosync has closed the connection or died: it begins with no further request */
  stop(error: ConnectionError, serverGone = false): void {
    this.#stopped = true;
    this.#nextPoll.cancel();
    clearImmediate(this.#expiry);
    this.#ladder.cancel();
    this.#ledger.loseAll(error, this.#progress(serverGone), serverGone);
  }

  /** The next batch goes out when this turn's callers are done, and all connections that wait already have had theirs. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    loopTurn.enqueue(this.#run);
  }

  readonly #run = (): void => {
    this.#scheduled = false;
    if (!this.#stopped) this.#wake();
  };

  #wake(): void {
    try {
      if (this.#ledger.batchSize === 0) this.#send();
      else this.#checkCount();
    } catch (cause) {
      this.#onFailure(cause);
    }
  }

  #send(): void {
    if (this.#ledger.next() === undefined) {
      this.#ledger.rest();
      return;
    }
    this.#ledger.armDeadlines();
    if (this.#control.flowControl() !== 0) {
      this.#ladder.wait(WAIT.immediateMs);
      return;
    }
    // The flow-control word may have been looked at early: what is still set for it would look at this batch.
    this.#ladder.cancel();
    // What has to wait for its turn is called when it comes.
    if (this.#ledger.nextOfBatch() === undefined) return;
    const batch = this.#takeBatch();
    this.#control.startBatch();
    this.#sentAt = performance.now();
    this.#posted = 0;
    for (const message of batch) {
      this.#sendDatagram(this.#encode(message));
      this.#posted += 1;
    }
  }

  /** As many calls as fit: the first one always does, with its barrier, if it needs one. */
  #takeBatch(): AnyMessage[] {
    const batch: AnyMessage[] = [];
    const room = new BatchRoom(this.#limits);
    let call = this.#ledger.nextOfBatch();
    while (call !== undefined && room.take(call.message)) {
      batch.push(call.message);
      this.#ledger.take(call);
      call = this.#ledger.nextOfBatch();
    }
    const { barrier } = this.#ledger;
    if (barrier === undefined) return batch;
    this.#ledger.takeBarrier(barrier);
    return [...batch, barrier];
  }

  /** Good until the next one: the kernel copies it. */
  #encode(message: AnyMessage): Buffer {
    message.encode(this.#writer.begin(0, message.size));
    return this.#writer.bytes.subarray(0, message.size);
  }

  /** corosync counts an answer after it has sent it: the count may come later than the answer, but not earlier. */
  #checkCount(): void {
    const sent = this.#control.responsesSent();
    const { answersToCome } = this.#ledger;
    if (this.#answers.length < answersToCome || this.#delivering) return;
    if (sent > answersToCome) throw malformed(`corosync counts ${sent} answers to ${answersToCome} requests`);
    if (sent < answersToCome) {
      this.#ladder.wait(performance.now() - this.#completeAt);
      return;
    }
    this.#ladder.reset();
    this.#delivering = true;
    // What corosync has sent is then here, and anything else came from elsewhere.
    this.#nextPoll.after(() => this.#deliver());
  }

  /** Answers that are there count, even if nobody has looked at them yet. */
  #expire(turns: number): void {
    if (turns > 0 && this.#ledger.batchSize > 0) this.#expiry = setImmediate(() => this.#expire(turns - 1));
    else {
      this.#ledger.expire(() => this.#progress(false));
      this.#checkForLostAnswers();
    }
  }

  /** Whoever waits for an answer that corosync could not send would wait for ever, and so would all behind him. */
  #checkForLostAnswers(): void {
    const { batchSize, answersToCome, answersLater } = this.#ledger;
    if (batchSize === 0 || answersLater || performance.now() - this.#sentAt < WAIT.lostMs) return;
    const missing = answersToCome - this.#control.responsesSent();
    if (missing > 0 && this.#control.requestsTaken() >= batchSize)
      this.#onFailure(lostAnswers('taken', missing));
  }

  /** The request that was taken last may be under way. What the kernel still has is never read when corosync is gone. */
  #progress(serverGone: boolean): BatchProgress {
    try {
      const taken = this.#control.requestsTaken();
      return { handled: Math.max(taken - 1, 0), begun: serverGone ? taken : this.#posted };
    } catch {
      return { ...NO_PROGRESS, begun: this.#posted };
    }
  }

  #deliver(): void {
    this.#delivering = false;
    const answers = this.#answers;
    this.#answers = [];
    try {
      for (const answer of answers) this.#ledger.deliver(wholeMessage(answer));
      this.#control.endBatch();
    } catch (cause) {
      this.#onFailure(cause);
      return;
    }
    this.#ledger.endBatch();
    if (!this.#ledger.idle) return this.#schedule();
    this.#ledger.rest();
    this.#whenAnswered?.();
  }
}
