import { decodeResponseHeader } from '../codec/header.ts';
import { malformed } from '../codec/malformed.ts';
import type { MessageReader } from '../codec/message-reader.ts';
import type { RequestMessage } from '../codec/message.ts';
import { CS_ERROR_CODES, csErrorFromCode, csErrorName } from '../errors/index.ts';
import { CallQueue } from './call-queue.ts';
import { DeadlineTimer } from './deadline-timer.ts';
import type { PendingCall } from './pending-call.ts';
import type { RequestRing } from './request-ring.ts';
import { ResponseRing } from './response-ring.ts';
import { TurnClock } from './turn-clock.ts';
import { WAIT, WaitLadder } from './wait-ladder.ts';

/**
 * Most requests in one batch. corosync takes 5 at a wake-up and serves its other clients in between, so the
 * size of a batch does not make them wait; beyond this there is nothing left to gain.
 */
export const MAX_BATCH = 128;

/** An answer that corosync gives without looking at the request: overload, or a size it refuses. */
const BARE_ERROR_ID = 0;

/**
 * Sends requests in batches and matches answers to them, in order. Requests made in the same turn go out together;
 * those made while a batch is outstanding form the next one, because the rings' rules allow one at a time.
 */
export class RequestPipeline {
  readonly #requests: RequestRing;
  readonly #responses: ResponseRing;
  readonly #sendBytes: (count: number) => boolean;
  readonly #onFailure: (error: unknown) => void;
  readonly #ladder = new WaitLadder(() => this.#run());
  readonly #turn = new TurnClock();
  readonly #deadlines = new DeadlineTimer(() => this.#expire());
  readonly #queue = new CallQueue();
  #batch: PendingCall[] = [];
  #answered = 0;
  #progressAt = 0;
  #scheduled = false;
  #flowCheckedAt = -Infinity;
  #earliestDeadline = Infinity;
  /** Which answer belongs to which call is no longer known. */
  #broken = false;

  /**
   * @param sendBytes writes so many bytes to the socket; false if the kernel does not have them yet
   * @param onFailure the protocol is broken and the connection must go
   */
  constructor(
    requests: RequestRing,
    responses: ResponseRing,
    sendBytes: (count: number) => boolean,
    onFailure: (error: unknown) => void,
  ) {
    this.#requests = requests;
    this.#responses = responses;
    this.#sendBytes = sendBytes;
    this.#onFailure = onFailure;
  }

  submit(call: PendingCall, urgent = false): void {
    this.#queue.push(call, urgent);
    this.#earliestDeadline = Math.min(this.#earliestDeadline, call.deadlineAt);
    if (this.#batch.length === 0) this.#schedule();
    else this.#armDeadlines();
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

  /** Ends it: hands out the answers that are there, and fails everything else. */
  stop(error: unknown): void {
    try {
      if (this.#batch.length > 0 && !this.#broken) this.#collect();
    } catch {
      // The rings are as broken as the connection: `error` says more.
    }
    const calls = [...this.#batch.slice(this.#answered), ...this.#queue.all()];
    this.#batch = [];
    this.#answered = 0;
    this.#queue.clear();
    this.#ladder.cancel();
    this.#turn.stop();
    for (const call of calls) call.fail(error);
    this.#becomeIdle();
  }

  #isIdle(): boolean {
    return this.#batch.length === 0 && this.#queue.peek() === undefined;
  }

  /** The next batch goes out when this turn's callers are done, or in the next turn if this one is used up. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    if (this.#turn.elapsedMs(performance.now()) < WAIT.turnMs) queueMicrotask(this.#run);
    else this.#ladder.wait(0);
  }

  /** One step: send if nothing is outstanding, look for answers, then see to it that the next step comes. */
  readonly #run = (): void => {
    this.#scheduled = false;
    try {
      if (this.#batch.length === 0 && !this.#send()) return;
      const complete = this.#spin();
      if (!complete) this.#waitForProgress();
      else if (this.#isIdle()) this.#becomeIdle();
      else this.#schedule();
    } catch (error) {
      this.#fail(error);
    }
  };

  #fail(error: unknown): void {
    this.#broken = true;
    this.#onFailure(error);
  }

  /** Posts the next batch. False if there is nothing to look for: no request, or corosync does not take any now. */
  #send(): boolean {
    this.#progressAt = performance.now();
    const first = this.#queue.peek();
    if (first === undefined) {
      this.#becomeIdle();
      return false;
    }
    if (this.#mustHold(this.#progressAt)) {
      this.#armDeadlines();
      this.#ladder.wait(WAIT.immediateMs);
      return false;
    }
    this.#stageBatch(ResponseRing.cost(first.message.maxResponseSize));
    // From the post to the byte nothing may come between: a post without its byte blocks corosync.
    const handedOver = this.#sendBytes(this.#requests.post());
    if (!handedOver) this.#waitForProgress();
    return handedOver;
  }

  /** Flow control changes at changes of membership only, and to look at it costs as much as any other step of a call. */
  #mustHold(now: number): boolean {
    if (now - this.#flowCheckedAt < WAIT.flowControlMs) return false;
    if (this.#requests.flowControl() !== 0) return true;
    this.#flowCheckedAt = now;
    return false;
  }

  /** As many calls as fit: the first one always does. */
  #stageBatch(firstCost: number): void {
    let room = this.#responses.room(firstCost);
    let call = this.#queue.peek();
    while (call !== undefined && this.#batch.length < MAX_BATCH) {
      room -= ResponseRing.cost(call.message.maxResponseSize);
      if (room < 0 || !this.#requests.stage(call.message)) break;
      call.markSent();
      this.#batch.push(call);
      this.#queue.shift();
      call = this.#queue.peek();
    }
    if (this.#batch.length === 0) throw malformed('a single request does not fit the rings');
  }

  /** Looks for answers until the batch is complete, or nothing has come for a while. */
  #spin(): boolean {
    const spinMs = WAIT.spinUs / 1000;
    let lookUntil = performance.now() + spinMs;
    for (;;) {
      if (this.#collect()) lookUntil = (this.#progressAt = performance.now()) + spinMs;
      if (this.#answered === this.#batch.length) break;
      if (performance.now() > lookUntil) return false;
    }
    this.#batch = [];
    this.#answered = 0;
    this.#ladder.reset();
    return true;
  }

  /** Reads the answers that are complete; false if there are none. */
  #collect(): boolean {
    const count = this.#responses.completed(this.#batch.length - this.#answered);
    if (count === 0) return false;
    let bytes = 0;
    for (let i = this.#answered; i < this.#answered + count; i++) {
      bytes += ResponseRing.cost(this.#batch[i]?.message.maxResponseSize ?? 0);
    }
    this.#responses.read(count, bytes, this.#deliver);
    return true;
  }

  readonly #deliver = (response: MessageReader): void => {
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
  };

  #waitForProgress(): void {
    this.#armDeadlines();
    this.#ladder.wait(performance.now() - this.#progressAt);
  }

  /** Only a turn that ends with calls waiting needs the timer. */
  #armDeadlines(): void {
    if (this.#earliestDeadline !== Infinity) this.#deadlines.arm(this.#earliestDeadline);
  }

  /** Answers that are there count, even if nobody has looked at them yet. */
  #expire(): void {
    try {
      if (this.#batch.length > 0) this.#collect();
    } catch (error) {
      this.#fail(error);
      return;
    }
    const now = performance.now();
    this.#earliestDeadline = Infinity;
    for (const call of this.#waiting()) {
      if (call.deadlineAt <= now) call.expire();
      else this.#earliestDeadline = Math.min(this.#earliestDeadline, call.deadlineAt);
    }
    this.#armDeadlines();
  }

  /** Calls that nothing has settled yet. */
  #waiting(): PendingCall[] {
    return [...this.#batch.slice(this.#answered), ...this.#queue.all()].filter((call) => !call.settled);
  }

  #becomeIdle(): void {
    this.#ladder.cancel();
    this.#earliestDeadline = Infinity;
    this.#deadlines.clear();
  }
}

function errorAnswer({ operation, key, hints }: RequestMessage<unknown>, error: number): Error {
  const name = csErrorName(error);
  return csErrorFromCode(error, { operation, key, detail: name === undefined ? undefined : hints?.[name] });
}

function wrongAnswer(message: RequestMessage<unknown>, id: number): Error {
  return malformed(`answer ${id} to ${message.operation}, which is answered by ${message.responseId}`);
}
