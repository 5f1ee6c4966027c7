import type { ConnectionError } from '../../errors/index.ts';
import type { MessageReader } from '../../codec/message-reader.ts';
import { chunkBytes } from '../../codec/ring-layout.ts';
import type { ChangePace } from '../calls/change-pace.ts';
import { lostAnswers } from '../calls/answer-errors.ts';
import { NO_PROGRESS, type BatchProgress } from '../calls/batch-progress.ts';
import { CallLedger } from '../calls/call-ledger.ts';
import type { RequestMessage } from '../../codec/message.ts';
import type { PendingCall, Urgency } from '../calls/pending-call.ts';
import type { BatchTurn } from '../turns/batch-turn.ts';
import { BatchStage } from './batch-stage.ts';
import { FlowControl } from './flow-control.ts';
import type { RequestRing } from './request-ring.ts';
import type { ResponseRing } from './response-ring.ts';
import { loopTurn } from '../calls/loop-turn.ts';
import { refuseTooBig } from '../calls/too-big.ts';
import { WAIT, WaitLadder } from '../calls/wait-ladder.ts';

/**
 * Sends requests in batches and matches answers to them, in order. Requests made in the same turn go out together;
 * those made while a batch is outstanding form the next one, because the rings' rules allow one at a time.
 */
export class RequestPipeline {
  readonly #requests: RequestRing;
  readonly #responses: ResponseRing;
  readonly #maxMessageSize: number;
  readonly #sendBytes: (count: number) => boolean;
  readonly #onFailure: (error: unknown) => void;
  readonly #ladder = new WaitLadder(() => this.#run());
  readonly #ledger: CallLedger;
  readonly #stage: BatchStage;
  readonly #flow: FlowControl;
  readonly #deliver = (response: MessageReader): void => this.#ledger.deliver(response);
  #progressAt = 0;
  #scheduled = false;
  /** Which answer belongs to which call is no longer known. */
  #broken = false;
  #whenAnswered: (() => void) | undefined;

  /**
   * @param sendBytes writes so many bytes to the socket; false if the kernel does not have them yet
   * @param onFailure the protocol is broken and the connection must go
   * @param maxMessageSize what corosync has granted: it disconnects who sends more
   * @param turn what lists and changes wait for
   * @param pace what changes wait for
   */
  constructor(
    requests: RequestRing,
    responses: ResponseRing,
    maxMessageSize: number,
    sendBytes: (count: number) => boolean,
    onFailure: (error: unknown) => void,
    turn?: BatchTurn,
    pace?: ChangePace,
  ) {
    this.#ledger = new CallLedger(() => this.#expire(), turn, pace);
    turn?.onEntered(() => this.#schedule());
    pace?.onFree(() => this.#schedule());
    this.#requests = requests;
    this.#responses = responses;
    this.#stage = new BatchStage(requests, responses, this.#ledger);
    this.#flow = new FlowControl(requests);
    this.#maxMessageSize = maxMessageSize;
    this.#sendBytes = sendBytes;
    this.#onFailure = onFailure;
  }

  /** A message that the rings could not carry fails here, before anything is sent. */
  submit(call: PendingCall, urgent: Urgency = false): void {
    const refusal = refuseTooBig(call.message, {
      request: Math.min(this.#maxMessageSize, this.#requests.largest),
      answer: this.#responses.largest,
    });
    if (refusal !== undefined) return call.fail(refusal);
    if (call.message.answer === 'never') this.#flow.lookAlways();
    this.#ledger.add(call, urgent);
    if (this.#ledger.batchSize === 0) this.#schedule();
    else this.#ledger.armDeadlines();
  }

  /** Events have come, so corosync has gone on: what was posted before may have been taken. */
  eventsCame(): void {
    if (this.#flow.looksAlways) this.#lookAgain();
  }

  /** What a window has held back may go out now. */
  resume(): void {
    if (this.#ledger.batchSize === 0) this.#schedule();
  }

  /** How many such requests go out together at most. */
  mostTogether(message: RequestMessage<unknown>): number {
    return this.#stage.mostTogether(message);
  }

  /** Whether nobody waits for an answer. */
  get settled(): boolean {
    return this.#ledger.settled;
  }

  /** Resolves when every call made so far is settled; a batch may still be outstanding if its callers gave up. */
  whenSettled(): Promise<void> {
    return this.#ledger.whenSettled();
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

  /**
   * Ends it: hands out the answers that are there, and fails everything else.
   * @param serverGone corosync has closed the connection or died: it begins with no further request
   */
  stop(error: ConnectionError, serverGone = false): void {
    try {
      if (this.#ledger.batchSize > 0 && !this.#broken) this.#look();
    } catch {
      // The rings are as broken as the connection: `error` says more.
    }
    this.#whenAnswered = undefined;
    this.#ladder.cancel();
    this.#ledger.loseAll(error, this.#progress(serverGone), serverGone);
    this.#becomeIdle();
  }

  /** The next batch goes out when this turn's callers are done, and all connections that wait already have had theirs. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    loopTurn.enqueue(this.#run);
  }

  /** One step: send if nothing is outstanding, look for answers, then see to it that the next step comes. */
  readonly #run = (): void => {
    this.#scheduled = false;
    try {
      const isNew = this.#ledger.batchSize === 0;
      if (isNew && !this.#send()) return;
      const complete = this.#spin(isNew ? WAIT.spinUs / 1000 : 0);
      if (complete) this.#goOn();
      else this.#waitForProgress();
    } catch (error) {
      this.#fail(error);
    }
  };

  /** The batch is over. */
  #goOn(): void {
    if (this.#ledger.idle) this.#becomeIdle();
    else this.#schedule();
  }

  #fail(error: unknown): void {
    this.#broken = true;
    this.#onFailure(error);
  }

  /** Posts the next batch. False if there is nothing to look for: no request, or corosync does not take any now. */
  #send(): boolean {
    const idleMs = performance.now() - this.#progressAt;
    this.#progressAt += idleMs;
    const first = this.#ledger.next();
    if (first === undefined) {
      this.#becomeIdle();
      return false;
    }
    if (this.#flow.mustHold(this.#progressAt, idleMs)) {
      this.#ledger.armDeadlines();
      this.#ladder.wait(WAIT.immediateMs);
      return false;
    }
    if (this.#ledger.nextOfBatch() === undefined) {
      // It is called when its turn comes.
      this.#ledger.armDeadlines();
      return false;
    }
    this.#stage.fill(first.message);
    // From the post to the byte nothing may come between: a post without its byte blocks corosync.
    const handedOver = this.#sendBytes(this.#requests.post());
    if (!handedOver) this.#waitForProgress();
    return handedOver;
  }

  /** Looks for answers until the batch is complete, nothing has come for a while, or this turn is spent. */
  #spin(firstMs: number): boolean {
    let lookUntil = performance.now() + firstMs;
    for (;;) {
      if (this.#collect()) {
        this.#progressAt = performance.now();
        lookUntil = this.#progressAt + WAIT.spinUs / 1000;
        loopTurn.begin(this.#progressAt);
      }
      if (this.#isComplete()) break;
      const now = performance.now();
      if (now > lookUntil || loopTurn.isSpent(now)) return false;
    }
    this.#complete();
    return true;
  }

  /** Looks what has become of a batch that is outstanding. False: the connection has failed. */
  #lookAgain(): boolean {
    try {
      if (this.#ledger.batchSize > 0 && this.#look()) this.#goOn();
      return true;
    } catch (error) {
      this.#fail(error);
      return false;
    }
  }

  /** Looks once. Returns whether that completes the batch. */
  #look(): boolean {
    this.#collect();
    const complete = this.#isComplete();
    if (complete) this.#complete();
    return complete;
  }

  /** @throws CsError there is an answer to what is never answered: the next request would be given it */
  #complete(): void {
    if (this.#ledger.endsUnanswered) this.#responses.completed(0);
    this.#ledger.completeBatch();
    this.#ladder.reset();
  }

  /** Requests that are never answered were taken when corosync has given back their place. */
  #isComplete(): boolean {
    return this.#ledger.answersToCome === 0 && (!this.#ledger.endsUnanswered || this.#requests.handled);
  }

  /** Reads the answers that are complete; false if there are none. */
  #collect(): boolean {
    if (this.#ledger.answersToCome === 0) return false;
    const count = this.#responses.completed(this.#ledger.answersToCome);
    if (count === 0) return false;
    const bytes = this.#ledger.costOfAnswers(count, chunkBytes);
    this.#responses.read(count, bytes, this.#deliver);
    return true;
  }

  #waitForProgress(): void {
    const idleMs = performance.now() - this.#progressAt;
    if (idleMs >= WAIT.lostMs) this.#checkForLostAnswers();
    this.#ledger.armDeadlines();
    // Events tell when to look whether requests were taken that are never answered: who waits for them leaves the processor to corosync.
    this.#ladder.wait(this.#ledger.endsUnanswered ? Math.max(idleMs, WAIT.immediateMs) : idleMs);
  }

  /** Whoever waits for an answer that corosync could not send would wait for ever, and so would all behind him. */
  #checkForLostAnswers(): void {
    if (this.#ledger.answersLater || !this.#requests.handled || this.#collect() || this.#isComplete()) return;
    throw lostAnswers('handled', this.#ledger.answersToCome);
  }

  /** Answers that are there count, even if nobody has looked at them yet. */
  #expire(): void {
    if (this.#lookAgain()) this.#ledger.expire(() => this.#progress(false));
  }

  /** The request at the read pointer may be under way: its place is given back when it has been handled. */
  #progress(serverGone: boolean): BatchProgress {
    try {
      const handled = this.#ledger.requestsWithin(this.#requests.handledBytes(), chunkBytes);
      return { handled, begun: serverGone ? handled + 1 : Infinity };
    } catch {
      return NO_PROGRESS;
    }
  }

  #becomeIdle(): void {
    this.#ladder.cancel();
    this.#ledger.rest();
    this.#whenAnswered?.();
  }
}
