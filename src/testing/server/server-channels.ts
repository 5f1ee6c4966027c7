import type { RingStorage } from '../../ipc/shared-memory/ring-storage.ts';
import { LibqbRing } from './libqb-ring.ts';
import { PER_WAKE_UP } from './server-transport.ts';

/** What corosync would do to everybody if a client broke the order of post and byte. */
export class ServerHangs extends Error {}

export interface ServerRings {
  readonly request: RingStorage;
  readonly response: RingStorage;
  readonly event: RingStorage;
}

/**
 * The server's half of a connection, with the rules of libqb's ipcs.c (qb_ipcs_dispatch_connection_request): it wakes when
 * a byte is there, handles as many requests as the semaphore says, and then reads as many bytes, blocking.
 */
export class ServerChannels {
  readonly request: LibqbRing;
  readonly response: LibqbRing;
  readonly event: LibqbRing;
  /** Bytes on the stream socket that the server has not read. */
  unreadBytes = 0;
  /** Bytes that the server is blocked for: of requests that it has handled already. */
  owedBytes = 0;
  handled = 0;

  constructor(rings: ServerRings) {
    this.request = new LibqbRing(rings.request);
    this.response = new LibqbRing(rings.response);
    this.event = new LibqbRing(rings.event);
  }

  /** Posted and not handled. */
  get waiting(): number {
    return this.request.semaphore;
  }

  get atRest(): boolean {
    return this.event.empty && this.waiting === 0 && this.unreadBytes === 0;
  }

  receiveBytes(count: number): void {
    const owed = Math.min(count, this.owedBytes);
    this.owedBytes -= owed;
    this.unreadBytes += count - owed;
  }

  /** How many requests this wake-up takes; 0 if there is no reason to wake up, or no way to. */
  beginWakeUp(atMost = PER_WAKE_UP): number {
    if (this.unreadBytes === 0 || this.owedBytes > 0) return 0;
    const available = Math.min(this.waiting, atMost);
    if (available > 0) return available;
    this.unreadBytes -= 1;
    throw new ServerHangs('a byte without a request: it is eaten, and the count is off by one');
  }

  /** The next request; its place in the ring is given back by `reclaim`, after the answer. */
  peek(): Buffer {
    return this.request.peek();
  }

  reread(request: Buffer): () => Buffer {
    return this.request.reread(request.length);
  }

  reclaim(request: Buffer): void {
    this.request.reclaim(request.length);
    this.handled += 1;
  }

  /** Reads the bytes of the `count` requests taken. Returns how many are missing: the server blocks until they come. */
  endWakeUp(count: number): number {
    this.owedBytes = Math.max(count - this.unreadBytes, 0);
    this.unreadBytes = Math.max(this.unreadBytes - count, 0);
    return this.owedBytes;
  }

  close(): void {
    for (const ring of [this.request, this.response, this.event]) ring.storage.close();
  }
}
