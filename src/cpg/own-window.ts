import { ConnectionError } from '../errors/index.ts';
import type { AnyMessage, SendWindow } from '../codec/message.ts';
import { Fifo } from '../streams/fifo.ts';
import { Multicast, type OwnMessage } from './own-message.ts';

/** Bytes of the request of a message beside its own. */
const REQUEST_BYTES = 40;

/** Milliseconds after which one message goes out even while the reader lags: it may be the reader who waits for it. */
export const LAG_HOLD_MS = 50;

/**
 * The messages of ours that have not come back to us yet: how many bytes they may have together, and that all come, in their order. Without a window,
 * a few senders make corosync grow by gigabytes, until it loses the token.
 */
export class OwnWindow implements SendWindow {
  readonly #limit: number;
  readonly #group: string;
  readonly #resume: () => void;
  readonly #undelivered = new Fifo<OwnMessage>();
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

  /** A message waits to be sent. */
  queued(length: number): void {
    this.#bufferedBytes += length;
  }

  /** Nothing more comes of it: it was sent, or is not any more. */
  over(length: number): void {
    this.#bufferedBytes -= length;
  }

  admits({ size }: AnyMessage): boolean {
    const admitted = !this.#isShut && !this.#waitsForReader() && this.#hasRoomFor(size);
    this.#holds ||= !admitted;
    return admitted;
  }

  took(message: AnyMessage): void {
    this.#bytes += message.size;
    if (this.#lags) this.#lastTakenAt = performance.now();
    if (!(message instanceof Multicast)) return;
    message.isPosted = true;
    this.over(message.length);
    this.#undelivered.push(message);
  }

  /** A message of ours has come back. @throws ConnectionError it is not the one whose turn it is */
  delivered(length: number): void {
    const expected = this.#undelivered.shift();
    if (expected?.length !== length) throw this.#outOfOrder(length, expected);
    this.#bytes -= length + REQUEST_BYTES;
    expected.delivered();
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
    for (const message of this.#undelivered.items()) message.lost(error);
    this.#undelivered.clear();
  }

  release(): void {
    if (!this.#holds) return;
    this.#holds = false;
    this.#resume();
  }

  #hasRoomFor(size: number): boolean {
    return this.#bytes === 0 || this.#bytes + size <= this.#limit;
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
