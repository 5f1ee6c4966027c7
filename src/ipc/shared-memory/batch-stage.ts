import { malformed } from '../../codec/malformed.ts';
import type { AnyMessage, RequestMessage } from '../../codec/message.ts';
import { chunkBytes } from '../../codec/ring-layout.ts';
import { isOfList, mostOf } from '../calls/batch-limits.ts';
import type { CallLedger } from '../calls/call-ledger.ts';
import type { RequestRing } from './request-ring.ts';
import type { ResponseRing } from './response-ring.ts';

/** Makes the next batch of the calls that wait: as many as there is room for in both rings, the answers included. */
export class BatchStage {
  readonly #requests: RequestRing;
  readonly #responses: ResponseRing;
  readonly #ledger: CallLedger;

  constructor(requests: RequestRing, responses: ResponseRing, ledger: CallLedger) {
    this.#requests = requests;
    this.#responses = responses;
    this.#ledger = ledger;
  }

  /** How many such requests go out together at most. */
  mostTogether(message: RequestMessage<unknown>): number {
    const inRings = Math.min(this.#requests.mostTogether(message), this.#responses.mostTogether(message));
    return Math.max(Math.min(mostOf(message), inRings), 1);
  }

  /** Stages `first` and the calls behind it. The first one always fits. */
  fill(first: AnyMessage): void {
    // A list wants the whole ring.
    let room = this.#responses.room(isOfList(first) ? Infinity : costOfAnswer(first));
    let call = this.#ledger.nextOfBatch();
    while (call !== undefined && this.#hasPlaceFor(call.message)) {
      const cost = costOfAnswer(call.message);
      if (cost > room || !this.#requests.stage(call.message)) break;
      room -= cost;
      this.#ledger.take(call);
      call = this.#ledger.nextOfBatch();
    }
    if (this.#ledger.batchSize === 0) throw malformed('a single request does not fit the rings');
  }

  #hasPlaceFor(message: AnyMessage): boolean {
    const { batchSize, answersToCome } = this.#ledger;
    return (message.answer === 'never' ? batchSize : answersToCome) < mostOf(message);
  }
}

/** Room that a request takes in the response ring. */
function costOfAnswer(message: AnyMessage): number {
  return message.answer === 'never' ? 0 : chunkBytes(message.maxResponseSize);
}
