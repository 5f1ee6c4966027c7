import type { RingStorage } from '../../src/ipc/ring-storage.ts';
import { LibqbRing } from './memory-libqb-ring.ts';

/** Requests that corosync handles at one wake-up. */
const PER_WAKE_UP = 5;

/** What corosync would do to everybody if a client broke the order of post and byte. */
export class ServerHangs extends Error {}

export interface ServerRings {
  readonly request: RingStorage;
  readonly response: RingStorage;
  readonly event: RingStorage;
}

/**
 * The server's half of a connection, as libqb's ipcs.c runs it (qb_ipcs_dispatch_connection_request): it wakes when a byte
 * is there, handles as many requests as the semaphore says, and then reads as many bytes, blocking.
 */
export class MemoryServer {
  readonly request: LibqbRing;
  readonly response: LibqbRing;
  readonly event: LibqbRing;
  /** Bytes on the stream socket that the server has not read. */
  unreadBytes = 0;
  handled = 0;
  /** Answers that did not fit: corosync drops them without a word. */
  dropped = 0;
  /** Requests in the order in which they were handled. */
  readonly requests: Buffer[] = [];
  /** Bytes sent at each write of the client to the socket. */
  readonly writes: number[] = [];
  readonly #answer: (request: Buffer) => Uint8Array;

  constructor(rings: ServerRings, answer: (request: Buffer) => Uint8Array) {
    this.request = new LibqbRing(rings.request);
    this.response = new LibqbRing(rings.response);
    this.event = new LibqbRing(rings.event);
    this.#answer = answer;
  }

  /** Posted and not handled. */
  get waiting(): number {
    return this.request.semaphore;
  }

  receiveBytes(count: number): void {
    this.writes.push(count);
    this.unreadBytes += count;
  }

  /** Wakes up once, if there is reason to. False if there is none. */
  wakeUp(atMost = PER_WAKE_UP): boolean {
    if (this.unreadBytes === 0) return false;
    const available = Math.min(this.waiting, atMost);
    if (available === 0)
      throw new ServerHangs('a byte without a request: it is eaten, and the count is off by one');
    for (let i = 0; i < available; i++) this.#handle();
    if (this.unreadBytes < available) {
      throw new ServerHangs(`waits for ${available} bytes of which ${this.unreadBytes} are there`);
    }
    this.unreadBytes -= available;
    return true;
  }

  /** Wakes up until everything is done. */
  runDry(): void {
    while (this.wakeUp());
  }

  /** Sends an event; the byte that announces it is the caller's to send. */
  notify(event: Uint8Array): boolean {
    return this.event.write(event);
  }

  #handle(): void {
    const request = this.request.take();
    this.requests.push(request);
    this.handled += 1;
    if (!this.response.write(this.#answer(request))) this.dropped += 1;
  }
}
