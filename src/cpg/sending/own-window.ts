import { FRAGMENT_FIXED_SIZE } from '../../codec/cpg/partial-mcast.ts';
import { MCAST_FIXED_SIZE } from '../../codec/cpg/mcast.ts';
import type { AnyMessage, SendWindow } from '../../codec/message.ts';
import { ConnectionError } from '../../errors/index.ts';
import { Fifo } from '../../streams/fifo.ts';
import { Multicast, OwnFragment, type LargeMessage, type OwnMessage } from './own-message.ts';

/** Milliseconds after which one message goes out even while the reader lags: it may be the reader who waits for it. */
export const LAG_HOLD_MS = 50;

/** What a message counts beside its request: as an event it is so much larger, and of small ones many fit the window. */
const EVENT_BYTES = 160;

/** Bytes of fragments that may be on their way, whatever the limit: with fewer, a large message waits for its own answers. */
const FRAGMENT_WINDOW = 1_001_000;

/**
 * The messages of ours that have not come back to us yet: how many bytes they may have together, and that all come, in their order. Without a window,
 * a few senders make corosync grow by gigabytes, until it loses the token.
 */
export class OwnWindow implements SendWindow {
  #limit: number;
  readonly #group: string;
  readonly #resume: () => void;
  readonly #undelivered = new Fifo<OwnMessage>();
  /** Bytes of requests whose messages, or fragments, have not come back. */
  #bytes = 0;
  #bufferedBytes = 0;
  #isShut = false;
  #lags = false;
  #lastTakenAt = -Infinity;
  #timer: NodeJS.Timeout | undefined;
  /** Something waits for the window. */
  #holds = false;

  /** @param resume what was held back may go out now */
  constructor(group: string, limit: number, resume: () => void) {
    this.#group = group;
    this.#limit = limit;
    this.#resume = resume;
  }

  /** Bytes of messages that wait to be sent. */
  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  get hindrance(): string {
    if (this.#lags) return 'events of the group are not read, and sending waits for their reader';
    return 'earlier messages of ours have not come back from the group yet';
  }

  /** So many bytes may be on their way from now on. */
  set limit(bytes: number) {
    this.#limit = bytes;
    this.release();
  }

  /** A message waits to be sent. */
  queued(length: number): void {
    this.#bufferedBytes += length;
  }

  /** It does not wait any more: it was sent, or given up. Once for each. */
  unqueued(length: number): void {
    this.#bufferedBytes -= length;
  }

  admits(message: AnyMessage): boolean {
    const admitted = !this.#isShut && !this.#waitsForReader() && this.#hasRoomFor(message);
    this.#holds ||= !admitted;
    return admitted;
  }

  took(message: AnyMessage): void {
    this.#bytes += costOf(message);
    if (this.#lags) this.#lastTakenAt = performance.now();
    if (message instanceof Multicast) this.#posted(message);
    if (!(message instanceof OwnFragment)) return;
    message.isPosted = true;
    message.message.isBegun = true;
    if (message.isLast) this.#posted(message.message);
  }

  /** A message of ours has come back whole. @throws ConnectionError it is not the one whose turn it is */
  delivered(length: number): void {
    this.#bytes -= length + MCAST_FIXED_SIZE + EVENT_BYTES;
    this.#completed(length);
    this.release();
  }

  /** A fragment of ours has come back. */
  fragmentDelivered(length: number): void {
    this.#bytes -= length + FRAGMENT_FIXED_SIZE + EVENT_BYTES;
    this.release();
  }

  /** The last fragment of a message of ours has come back. @throws ConnectionError it is not the one whose turn it is */
  largeDelivered(length: number): void {
    this.#completed(length);
  }

  /** Corosync has refused a fragment of ours: it does not come back. */
  refused(fragment: OwnFragment): void {
    if (!fragment.isPosted) return;
    this.#bytes -= costOf(fragment);
    if (fragment.isLast) this.#withdraw(fragment.message);
    this.release();
  }

  /** All that we have sent must have come by now. @throws ConnectionError it has not */
  checkComplete(): void {
    const missing = this.#undelivered.length;
    if (missing > 0) throw this.#lostMessage(`${missing} of our messages did not come back before our leave`);
  }

  /** The reader lags, or does not any more. */
  lagging(lags: boolean): void {
    this.#lags = lags;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.release();
  }

  /** Nothing goes out any more; what is under way still may come back. */
  shut(): void {
    this.#isShut = true;
    this.lagging(false);
  }

  /** The connection is gone. */
  end(error: Error): void {
    this.shut();
    for (const { delivery } of this.#undelivered.items()) delivery?.reject(error);
    this.#undelivered.clear();
  }

  release(): void {
    if (!this.#holds) return;
    this.#holds = false;
    this.#resume();
  }

  #posted(message: Multicast | LargeMessage): void {
    if (!message.isPosted) this.unqueued(message.length);
    message.isPosted = true;
    this.#undelivered.push(message);
  }

  /** It does not come back, and is not kept either: it may be large. */
  #withdraw(message: LargeMessage): void {
    const others = this.#undelivered.items().filter((other) => other !== message);
    this.#undelivered.clear();
    for (const other of others) this.#undelivered.push(other);
  }

  #completed(length: number): void {
    const expected = this.#undelivered.shift();
    if (expected?.length !== length) throw this.#outOfOrder(length, expected);
    expected.delivery?.resolve();
  }

  #hasRoomFor(message: AnyMessage): boolean {
    const limit = message instanceof OwnFragment ? Math.max(this.#limit, FRAGMENT_WINDOW) : this.#limit;
    return this.#bytes === 0 || this.#bytes + costOf(message) <= limit;
  }

  #waitsForReader(): boolean {
    if (!this.#lags) return false;
    const leftMs = this.#lastTakenAt + LAG_HOLD_MS - performance.now();
    if (leftMs <= 0) return false;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.release();
    }, leftMs);
    return true;
  }

  #outOfOrder(length: number, expected: OwnMessage | undefined): ConnectionError {
    const due = expected === undefined ? 'none was due' : `the next one has ${expected.length}`;
    return this.#lostMessage(`a message of ours with ${length} bytes has come back, and ${due}`);
  }

  #lostMessage(what: string): ConnectionError {
    return new ConnectionError('CS_ERR_LIBRARY', {
      operation: 'cpg_mcast_joined',
      key: this.#group,
      detail: `${what}: corosync has lost a message, or delivered it out of order`,
    });
  }
}

function costOf({ size }: AnyMessage): number {
  return size + EVENT_BYTES;
}
