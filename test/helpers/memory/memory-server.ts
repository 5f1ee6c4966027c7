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
  readonly #answer: (request: Buffer) => Uint8Array;

  constructor(rings: ServerRings, answer: (request: Buffer) => Uint8Array) {
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
      if (!this.response.write(this.#answer(request))) this.dropped += 1;
      this.reclaim(request);
    }
    const missing = this.endWakeUp(count);
    if (missing > 0) throw new ServerHangs(`waits for ${missing} bytes that are not there`);
    return true;
  }

  /** Wakes up until everything is done. */
  runDry(): void {
    while (this.wakeUp());
  }
}
