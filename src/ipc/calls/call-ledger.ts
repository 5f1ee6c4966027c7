import { decodeResponseHeader } from '../../codec/header.ts';
import { malformed } from '../../codec/malformed.ts';
import type { MessageReader } from '../../codec/message-reader.ts';
import type { RequestMessage } from '../../codec/message.ts';
import { CS_ERROR_CODES, csErrorFromCode, csErrorName } from '../../errors/index.ts';
import { CallQueue } from './call-queue.ts';
import { DeadlineTimer } from './deadline-timer.ts';
import type { PendingCall, Urgency } from './pending-call.ts';

/** An answer that corosync gives without looking at the request: overload, or a size it refuses. */
const BARE_ERROR_ID = 0;

/**
 * The calls of one connection, whatever carries them: those that wait to be sent, those of the batch that is outstanding,
 * and the deadlines of both. Answers come in the order of the requests.
 */
export class CallLedger {
  readonly #queue = new CallQueue();
  readonly #deadlines: DeadlineTimer;
  #batch: PendingCall[] = [];
  #answered = 0;
  #earliestDeadline = Infinity;

  /** @param onDeadline a deadline has passed: look for answers that are there, then call `expire` */
  constructor(onDeadline: () => void) {
    this.#deadlines = new DeadlineTimer(onDeadline);
  }

  add(call: PendingCall, urgent: Urgency): void {
    this.#queue.push(call, urgent);
    this.#earliestDeadline = Math.min(this.#earliestDeadline, call.deadlineAt);
  }

  /** The next call to send. */
  next(): PendingCall | undefined {
    return this.#queue.peek();
  }

  /** Takes what `next` has returned into the batch. */
  take(call: PendingCall): void {
    call.markSent();
    this.#batch.push(call);
    this.#queue.shift();
  }

  get batchSize(): number {
    return this.#batch.length;
  }

  /** Calls of the batch without an answer. */
  get unanswered(): number {
    return this.#batch.length - this.#answered;
  }

  /** The message of the call that is to be answered after `index` others. */
  unansweredMessage(index: number): RequestMessage<unknown> | undefined {
    return this.#batch[this.#answered + index]?.message;
  }

  get idle(): boolean {
    return this.#batch.length === 0 && this.#queue.peek() === undefined;
  }

  /** Gives the next call of the batch its answer. */
  deliver(response: MessageReader): void {
    const call = this.#batch[this.#answered];
    if (call === undefined) throw malformed('an answer to no request');
    const { message } = call;
    const { id, error } = decodeResponseHeader(response);
    const bareError = id === BARE_ERROR_ID && error !== CS_ERROR_CODES.CS_OK;
    if (id !== message.responseId && !bareError) throw wrongAnswer(message, id);
    if (error === CS_ERROR_CODES.CS_OK || message.expectedErrors?.includes(error) === true) {
      call.complete(message.decode(response, error));
    } else {
      call.fail(errorAnswer(message, error));
    }
    this.#answered += 1;
  }

  /** Every call of the batch has its answer. */
  endBatch(): void {
    this.#batch = [];
    this.#answered = 0;
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

  /** Fails the calls whose time is up. */
  expire(): void {
    const now = performance.now();
    this.#earliestDeadline = Infinity;
    for (const call of this.#waiting()) {
      if (call.deadlineAt <= now) call.expire();
      else this.#earliestDeadline = Math.min(this.#earliestDeadline, call.deadlineAt);
    }
    this.armDeadlines();
  }

  /** Nothing is left to wait for. */
  clearDeadlines(): void {
    this.#earliestDeadline = Infinity;
    this.#deadlines.clear();
  }

  /** Empties the ledger and returns what had no answer. */
  takeAll(): PendingCall[] {
    const calls = [...this.#batch.slice(this.#answered), ...this.#queue.all()];
    this.endBatch();
    this.#queue.clear();
    return calls;
  }

  /** Calls that nothing has settled yet. */
  #waiting(): PendingCall[] {
    return [...this.#batch.slice(this.#answered), ...this.#queue.all()].filter((call) => !call.settled);
  }
}

function errorAnswer({ operation, key, hints }: RequestMessage<unknown>, error: number): Error {
  const name = csErrorName(error);
  return csErrorFromCode(error, { operation, key, detail: name === undefined ? undefined : hints?.[name] });
}

function wrongAnswer(message: RequestMessage<unknown>, id: number): Error {
  return malformed(`answer ${id} to ${message.operation}, which is answered by ${message.responseId}`);
}
