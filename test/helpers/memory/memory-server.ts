import type { Reply } from '../../../src/testing/server/service.ts';
import {
  ServerChannels,
  ServerHangs,
  type ServerRings,
} from '../../../src/testing/server/server-channels.ts';

/** The server's half of a connection in memory: it handles requests when it is told to, and throws where corosync would hang. */
export class MemoryServer extends ServerChannels {
  /** Requests in the order in which they were handled. */
  readonly requests: Buffer[] = [];
  /** Bytes sent at each write of the client to the socket. */
  readonly writes: number[] = [];
  /** Answers that did not fit: corosync drops them without a word. */
  dropped = 0;
  /** Handled, and to be answered later, by `answerHeld`. */
  readonly held: Buffer[] = [];
  readonly #answer: (request: Buffer) => Reply;

  constructor(rings: ServerRings, answer: (request: Buffer) => Reply) {
    super(rings);
    this.#answer = answer;
  }

  override receiveBytes(count: number): void {
    this.writes.push(count);
    super.receiveBytes(count);
  }

  /** Wakes up once, if there is reason to. False if there is none. */
  wakeUp(atMost?: number): boolean {
    const count = this.beginWakeUp(atMost);
    if (count === 0) return false;
    for (let i = 0; i < count; i++) {
      const request = this.peek();
      this.requests.push(request);
      const reply = this.#answer(request);
      if (reply === 'later') this.held.push(request);
      else if (reply !== 'never' && !this.response.write(reply)) this.dropped += 1;
      this.reclaim(request);
    }
    const missing = this.endWakeUp(count);
    if (missing > 0) throw new ServerHangs(`waits for ${missing} bytes that are not there`);
    return true;
  }

  /** Gives the requests that were to be answered later these answers. */
  answerHeld(answer: (request: Buffer) => Buffer): void {
    for (const request of this.held.splice(0)) this.response.write(answer(request));
  }

  /** Wakes up until everything is done. */
  runDry(): void {
    while (this.wakeUp());
  }
}
