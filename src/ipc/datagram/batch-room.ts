import type { AnyMessage } from '../../codec/message.ts';
import { kernelCost } from './kernel-cost.ts';

/** What the sockets can carry. */
export interface DatagramLimits {
  /** Requests that may be outstanding together. */
  readonly inFlight: number;
  /** SO_SNDBUF, in bytes: what is unread of one direction must stay below it. */
  readonly sendBufferSize: number;
  readonly maxMessageSize: number;
}

/** What the sockets still take of one batch: requests in one direction, answers in the other. */
export class BatchRoom {
  #places: number;
  #forRequests: number;
  #forAnswers: number;
  #empty = true;

  constructor({ inFlight, sendBufferSize }: DatagramLimits) {
    this.#places = inFlight;
    this.#forRequests = sendBufferSize;
    this.#forAnswers = sendBufferSize;
  }

  /** Takes the room of a request, if there is room for its answer or its barrier, too. False: it must wait. The first one need not. */
  take(message: AnyMessage): boolean {
    const neverAnswered = message.answer === 'never';
    const answered = neverAnswered ? message.barrier : message;
    const costOfRequest = kernelCost(message.size);
    const costOfAnswer = kernelCost(answered.maxResponseSize);
    const costOfBarrier = neverAnswered ? kernelCost(message.barrier.size) : 0;
    const fits =
      this.#places >= (neverAnswered ? 2 : 1) &&
      this.#forRequests >= costOfRequest + costOfBarrier &&
      this.#forAnswers >= costOfAnswer;
    if (!fits && !this.#empty) return false;
    this.#empty = false;
    this.#places -= 1;
    this.#forRequests -= costOfRequest;
    // A barrier's answer has its place until another answer takes its part.
    if (!neverAnswered) this.#forAnswers -= costOfAnswer;
    return true;
  }
}
