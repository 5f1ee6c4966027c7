import { decodeResponseHeader } from '../../codec/header.ts';
import { malformed } from '../../codec/malformed.ts';
import type { MessageReader } from '../../codec/message-reader.ts';
import type { AnyMessage, RequestMessage } from '../../codec/message.ts';
import { CS_ERROR_CODES, type ConnectionError, type Sent } from '../../errors/index.ts';
import type { BatchTurn } from '../turns/batch-turn.ts';
import { errorAnswer, wrongAnswer } from './answer-errors.ts';
import { NO_PROGRESS, sentOf, type BatchProgress } from './batch-progress.ts';
import { CallQueue } from './call-queue.ts';
import type { ChangePace } from './change-pace.ts';
import { DeadlineTimer } from './deadline-timer.ts';
import { PendingCall, type Urgency } from './pending-call.ts';

/** An answer that corosync gives without looking at the request: overload, or a size it refuses. */
const BARE_ERROR_ID = 0;

/** A call with its place in the batch; without one, it waits to be sent. */
interface Outstanding {
  readonly call: PendingCall;
  readonly place: number | undefined;
}

/**
 * The calls of one connection, whatever carries them: those that wait to be sent, those of the batch that is outstanding,
 * and the deadlines of both. Answers come in the order of the requests.
 *
 * Requests that are never answered are settled by the next answer behind them, for corosync handles requests in their order. Of a batch that ends with one
 * something else must tell that it was taken: a ring does, and for datagrams it is closed with a barrier.
 */
export class CallLedger {
  readonly #queue = new CallQueue();
  readonly #deadlines: DeadlineTimer;
  readonly #turn: BatchTurn | undefined;
  readonly #pace: ChangePace | undefined;
  #batch: PendingCall[] = [];
  /** Calls of the batch that are over, from its beginning. */
  #done = 0;
  /** Answers to the batch that are still to come. */
  #answersToCome = 0;
  #earliestDeadline = Infinity;

  /**
   * @param onDeadline a deadline has passed: look for answers that are there, then call `expire`
   * @param turn what lists and changes wait for; without one they need not
   * @param pace what changes wait for
   */
  constructor(onDeadline: () => void, turn?: BatchTurn, pace?: ChangePace) {
    this.#deadlines = new DeadlineTimer(onDeadline);
    this.#turn = turn;
    this.#pace = pace;
  }

  add(call: PendingCall, urgent: Urgency): void {
    this.#queue.push(call, urgent);
    this.#earliestDeadline = Math.min(this.#earliestDeadline, call.deadlineAt);
  }

  /** The next call to send. */
  next(): PendingCall | undefined {
    return this.#queue.peek();
  }

  /** The next call that may be sent in the batch as it stands. */
  nextOfBatch(): PendingCall | undefined {
    const last = this.#batch.at(-1);
    if (last !== undefined && isLastOfBatch(last.message)) return undefined;
    const call = this.next();
    if (call === undefined || (last !== undefined && call.message.answer === 'later')) return undefined;
    if (this.#pace?.admits(call.message) === false) return undefined;
    if (call.message.window?.admits(call.message) === false) return undefined;
    return this.#turn?.admits(call.message, last === undefined) === false ? undefined : call;
  }

  /** Takes what `next` has returned into the batch. */
  take(call: PendingCall): void {
    this.#append(call);
    this.#queue.shift();
  }

  /** What must be sent behind the batch, because nothing else would tell that its last requests were taken. */
  get barrier(): RequestMessage<unknown> | undefined {
    const last = this.#batch.at(-1)?.message;
    return last?.answer === 'never' ? last.barrier : undefined;
  }

  /** Takes the barrier into the batch. */
  takeBarrier(barrier: RequestMessage<unknown>): void {
    const call = new PendingCall(barrier, { timeoutMs: Infinity, background: true });
    // What becomes of it is told to those before it.
    call.promise.catch(() => undefined);
    this.#append(call);
  }

  /** Requests of the batch. */
  get batchSize(): number {
    return this.#batch.length;
  }

  /** Answers to the batch that are still to come. */
  get answersToCome(): number {
    return this.#answersToCome;
  }

  /** Whether the batch waits for an answer that comes from a later turn of corosync's main loop. */
  get answersLater(): boolean {
    return this.#batch[this.#done]?.message.answer === 'later';
  }

  /** Whether the batch waits for an answer before which the connection must not end. */
  get holdsConnection(): boolean {
    return this.#batch
      .slice(this.#done)
      .some(({ message }) => message.answer !== 'never' && message.holdsConnection === true);
  }

  /** What the next `count` answers cost together, at most. */
  costOfAnswers(count: number, costOf: (size: number) => number): number {
    let [cost, left] = [0, count];
    for (let i = this.#done; left > 0 && i < this.#batch.length; i++) {
      const message = this.#batch[i]?.message;
      if (message === undefined || message.answer === 'never') continue;
      cost += costOf(message.maxResponseSize);
      left -= 1;
    }
    return cost;
  }

  /** How many requests of the batch lie within its first so many bytes. */
  requestsWithin(bytes: number, costOf: (size: number) => number): number {
    let [count, end] = [0, 0];
    for (const { message } of this.#batch) {
      end += costOf(message.size);
      if (end > bytes) break;
      count += 1;
    }
    return count;
  }

  get idle(): boolean {
    return this.#batch.length === 0 && this.#queue.peek() === undefined;
  }

  /** Gives the next call of the batch its answer. It settles those before it, too, which have none. */
  deliver(response: MessageReader): void {
    let index = this.#done;
    while (this.#batch[index]?.message.answer === 'never') index += 1;
    const call = this.#batch[index];
    if (call === undefined || call.message.answer === 'never') throw malformed('an answer to no request');
    const { message } = call;
    const { id, error } = decodeResponseHeader(response);
    const bareError = id === BARE_ERROR_ID && error !== CS_ERROR_CODES.CS_OK;
    if (id !== message.responseId && !bareError) throw wrongAnswer(message, id);
    for (const taken of this.#batch.slice(this.#done, index)) taken.complete(undefined);
    this.#done = index;
    call.responseSize = response.length;
    if (error === CS_ERROR_CODES.CS_OK || message.expectedErrors?.includes(error) === true) {
      call.complete(message.decode(response, error));
    } else {
      call.fail(errorAnswer(message, error));
    }
    this.#done += 1;
    this.#answersToCome -= 1;
  }

  /** Whether the batch ends with a request that is never answered. */
  get endsUnanswered(): boolean {
    return this.barrier !== undefined;
  }

  /** Every call of the batch has its answer, or was taken if it has none. */
  completeBatch(): void {
    for (const taken of this.#batch.slice(this.#done)) taken.complete(undefined);
    this.endBatch();
  }

  /** Every call of the batch has its answer. */
  endBatch(): void {
    this.#batch = [];
    this.#done = 0;
    this.#answersToCome = 0;
    this.#pace?.batchOver();
    this.#turn?.batchOver();
  }

  /** Whether nobody waits for an answer. */
  get settled(): boolean {
    return !this.#waiting().some((call) => !call.background);
  }

  /** Resolves when every call made so far is settled; a batch may still be outstanding if its callers gave up. */
  async whenSettled(): Promise<void> {
    const awaited = this.#waiting().filter((call) => !call.background);
    await Promise.allSettled(awaited.map((call) => call.promise));
  }

  /** Only a turn that ends with calls waiting needs the timer. */
  armDeadlines(): void {
    if (this.#earliestDeadline !== Infinity) this.#deadlines.arm(this.#earliestDeadline);
  }

  /** Fails the calls whose time is up. What was sent may still be handled, whatever corosync has begun with. */
  expire(progress: () => BatchProgress): void {
    const now = performance.now();
    this.#earliestDeadline = Infinity;
    const open = this.#outstanding().filter(({ call }) => !call.settled);
    for (const { call } of open)
      if (call.deadlineAt > now) this.#earliestDeadline = Math.min(this.#earliestDeadline, call.deadlineAt);
    const late = open.filter(({ call }) => call.deadlineAt <= now);
    const known = late.some(({ place }) => place !== undefined) ? progress() : NO_PROGRESS;
    const hindrance = this.#hindrance();
    for (const { call, place } of late)
      settle(call, sentOf(place, { ...known, begun: Infinity }), (sent) => call.expire(sent, hindrance));
    this.armDeadlines();
  }

  /** There is nothing left to wait for. */
  rest(): void {
    this.#clearDeadlines();
    this.#turn?.batchOver();
  }

  /**
   * The connection is gone: empties the ledger, and fails what had no answer.
   * @param serverGone corosync has closed the connection, or died
   */
  loseAll(error: ConnectionError, progress: BatchProgress, serverGone: boolean): void {
    const calls = this.#outstanding();
    this.#turn?.abandon(serverGone);
    this.#pace?.stop();
    this.endBatch();
    this.#loseThese(calls, error, progress);
  }

  /** The connection is over for its user: fails what had no answer. The batch is still to be answered. */
  hideAll(error: ConnectionError, progress: BatchProgress): void {
    const calls = this.#outstanding();
    this.#turn?.abandon(false);
    this.#loseThese(calls, error, progress);
  }

  #loseThese(calls: readonly Outstanding[], error: ConnectionError, progress: BatchProgress): void {
    this.#queue.clear();
    this.#clearDeadlines();
    for (const { call, place } of calls)
      settle(call, sentOf(place, progress), (sent) => call.lose(error, sent));
  }

  #clearDeadlines(): void {
    this.#earliestDeadline = Infinity;
    this.#deadlines.clear();
  }

  #append(call: PendingCall): void {
    call.markSent();
    this.#batch.push(call);
    this.#turn?.took(call.message);
    this.#pace?.took(call.message);
    call.message.window?.took(call.message);
    if (call.message.answer !== 'never') this.#answersToCome += 1;
  }

  /** Why a call has not been sent. */
  #hindrance(): string {
    if (this.#pace?.holds === true)
      return 'corosync holds notifications for us, which are read before it changes more';
    const window = this.#batch.length === 0 ? this.next()?.message.window : undefined;
    if (window !== undefined) return window.hindrance;
    return this.#turn?.hindrance ?? 'earlier ones are still unanswered';
  }

  /** Calls that nothing has settled yet. */
  #waiting(): PendingCall[] {
    return [...this.#batch.slice(this.#done), ...this.#queue.all()].filter((call) => !call.settled);
  }

  /** Calls without an answer. */
  #outstanding(): Outstanding[] {
    const sent = this.#batch.slice(this.#done).map((call, i) => ({ call, place: this.#done + i }));
    return [...sent, ...this.#queue.all().map((call) => ({ call, place: undefined }))];
  }
}

/** A request that is never answered and was handled is taken, though its batch is not over: nothing more was to come of it. */
function settle(call: PendingCall, sent: Sent, fail: (sent: Sent) => void): void {
  if (sent === 'yes' && call.message.answer === 'never') call.complete(undefined);
  else fail(sent);
}

/** Whether nothing may be sent behind this request until it is answered. */
function isLastOfBatch(message: AnyMessage): boolean {
  if (message.answer === 'never') return false;
  // What follows it up is the first of the next batch: nothing can have taken the request's place at corosync by then.
  return message.answer === 'later' || message.readUntilFollowUp === true;
}
