import fs from 'node:fs';
import { LITTLE_ENDIAN } from '../../codec/byte-order.ts';
import { malformed } from '../../codec/malformed.ts';
import { ConnectionError } from '../../errors/index.ts';
import type { Moment } from '../moment.ts';
import { isStill, openTrusted, type FileIdentity } from '../trusted-file.ts';

/*
 * struct ipc_us_control[3] (24): request, response, event
 *    0  i32  sent          raised by the sender after a send, lowered by the receiver after a receive
 *    4  i32  flow_control  the server's
 */
export const CONTROL = {
  requestsSent: 0,
  flowControl: 4,
  responsesSent: 8,
  eventsSent: 16,
  size: 24,
} as const;
const MOST_FLOW_CONTROL = 2;

/**
 * The control file of a datagram connection, tmpfs that corosync has mapped. C code changes its counters atomically, which
 * positional writes cannot; but while no request is outstanding nobody else touches the first two, and absolute values are no race.
 * The third, of events, only ever rises: it is the server's alone.
 */
export class DatagramControl {
  readonly #fd: number;
  readonly #identity: FileIdentity;
  /** Two words, aligned as in the file. */
  readonly #words = Buffer.alloc(8);
  readonly #view = new DataView(this.#words.buffer, this.#words.byteOffset, 8);
  #open = true;

  /**
   * @param since when the handshake began that the file is said to be made for
   * @throws ConnectionError CS_ERR_SECURITY: it was made for another one, or has been used
   */
  constructor(path: string, since: Moment) {
    this.#fd = openTrusted(path, CONTROL.size, since);
    this.#identity = fs.fstatSync(this.#fd, { bigint: true });
    try {
      this.#checkNew(path);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** 0: go. Anything else: the server does not read requests for now. */
  flowControl(): number {
    return this.#read(CONTROL.flowControl);
  }

  /**
   * Before the first request of a batch. One counts as there although more will be: for what is counted and not there corosync's main
   * loop waits, up to 10 ms, and we may lose the processor between two requests. It takes the others one by one.
   */
  startBatch(): void {
    this.#write(CONTROL.requestsSent, 1);
  }

  /** After the last answer: nothing is under way in either direction. */
  endBatch(): void {
    this.#write(CONTROL.requestsSent, 0);
    this.#write(CONTROL.responsesSent, 0);
  }

  /** How many requests of the batch the server has taken: it lowers the count by one for each, before it handles it. */
  requestsTaken(): number {
    return Math.max(1 - this.#read(CONTROL.requestsSent), 0);
  }

  /** How many answers to this batch the server has sent: it alone can write this file, so it alone can raise this. */
  responsesSent(): number {
    return this.#read(CONTROL.responsesSent);
  }

  /** How many events the server has sent since the beginning, in 32 bits with a sign: nobody lowers it. */
  eventsSent(): number {
    return this.#read(CONTROL.eventsSent);
  }

  /** Whether the path still leads to this file. */
  isStillAt(path: string): boolean {
    return isStill(this.#identity, path);
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    fs.closeSync(this.#fd);
  }

  /** Only flow control can have been set by the time that we look. */
  #checkNew(path: string): void {
    const bytes = Buffer.alloc(CONTROL.size);
    if (fs.readSync(this.#fd, bytes, 0, bytes.length, 0) !== bytes.length)
      throw malformed('control file was cut short');
    const flowControl = this.#read(CONTROL.flowControl);
    bytes.fill(0, CONTROL.flowControl, CONTROL.flowControl + 4);
    if (flowControl >= 0 && flowControl <= MOST_FLOW_CONTROL && bytes.every((byte) => byte === 0)) return;
    throw new ConnectionError('CS_ERR_SECURITY', {
      operation: 'connect',
      detail: `the counters in ${path} have been used; whatever listens on this socket is not corosync`,
    });
  }

  /** A closed descriptor's number may belong to any other file by now. */
  #checkOpen(): void {
    if (!this.#open)
      throw new ConnectionError('CS_ERR_BAD_HANDLE', {
        operation: 'control',
        detail: 'the connection is closed',
      });
  }

  /** With its neighbour, so that it is read in one: see RingFile.readHeader. */
  #read(offset: number): number {
    this.#checkOpen();
    const inPair = offset % 8;
    if (fs.readSync(this.#fd, this.#words, 0, 8, offset - inPair) !== 8)
      throw malformed('control file was cut short');
    return this.#view.getInt32(inPair, LITTLE_ENDIAN);
  }

  #write(offset: number, value: number): void {
    this.#checkOpen();
    this.#view.setInt32(0, value, LITTLE_ENDIAN);
    fs.writeSync(this.#fd, this.#words, 0, 4, offset);
  }
}
