import fs from 'node:fs';
import { LITTLE_ENDIAN } from '../../codec/byte-order.ts';
import type { DatagramBackend, DatagramSocket } from './server-datagram-socket.ts';
import type { RingDirectory } from './ring-directory.ts';
import { PER_WAKE_UP, type OutgoingChannel, type ServerTransport } from './server-transport.ts';

/*
 * struct ipc_us_control[3] (24): request, response, event
 *    0  i32  sent          raised by the sender, lowered by the receiver, both atomically, which we cannot
 *    4  i32  flow_control
 */
const CONTROL_SIZE = 24;
const SENT = { request: 0, response: 8, event: 16 } as const;
const FLOW_CONTROL = 4;
const LARGEST_DATAGRAM = 65_536;
const QUEUE_LENGTH_FILE = '/proc/sys/net/unix/max_dgram_qlen';

/** Two datagram sockets with abstract names, and a control file (libqb's ipc_socket.c). */
export class DatagramTransport implements ServerTransport {
  readonly welcome: ServerTransport['welcome'];
  readonly announcesEvents = false;
  readonly owedBytes = 0;
  handled = 0;
  readonly #directory: RingDirectory;
  readonly #base: string;
  readonly #control: number;
  readonly #sockets: Readonly<Record<'request' | 'event', DatagramSocket>>;
  readonly #received: Buffer[] = [];
  /** libqb has one buffer for all requests of a connection: each overwrites the beginning of the one before. */
  readonly #buffer = Buffer.alloc(LARGEST_DATAGRAM);
  /** Datagrams that the kernel keeps for a client that does not read: beyond it corosync loses answers. */
  readonly #queueLength = Number(fs.readFileSync(QUEUE_LENGTH_FILE, 'latin1'));
  #closed = false;

  /** @param onRequest called when a request has come, or when nothing can come any more */
  constructor(
    directory: RingDirectory,
    backend: DatagramBackend,
    onRequest: () => void,
    onError: () => void,
  ) {
    const { request, response } = directory.datagramNames;
    this.#directory = directory;
    this.#base = response;
    this.welcome = { connectionType: 0, request, response, event: '' };
    this.#control = fs.openSync(directory.pathOf(request), 'wx+', 0o600);
    fs.ftruncateSync(this.#control, CONTROL_SIZE);
    const onDatagram = (bytes: Buffer): void => {
      this.#received.push(bytes);
      onRequest();
    };
    this.#sockets = {
      request: backend.bind(`${response}-request`, { onDatagram, onError }),
      event: backend.bind(`${response}-event-tx`, { onDatagram: () => undefined, onError }),
    };
  }

  get atRest(): boolean {
    return this.#received.length === 0 && this.#word(SENT.event) <= 0 && this.#word(SENT.response) <= 0;
  }

  get directory(): string {
    return this.#directory.path;
  }

  setFlowControl(value: number): void {
    this.#set(FLOW_CONTROL, value);
  }

  receiveBytes(): void {
    // corosync reads and ignores them.
  }

  /** libqb takes the client's count for the length of its queue; without one, it looks for one request. */
  beginWakeUp(atMost = PER_WAKE_UP): number {
    const counted = Math.max(this.#word(SENT.request), 1);
    return Math.min(counted, this.#received.length, atMost);
  }

  peek(): Buffer {
    const request = this.#received.shift();
    if (request === undefined) throw new Error('there is no request to take');
    this.#set(SENT.request, this.#word(SENT.request) - 1);
    request.copy(this.#buffer);
    return request;
  }

  reread(): () => Buffer {
    return () => this.#buffer;
  }

  reclaim(): void {
    this.handled += 1;
  }

  endWakeUp(): number {
    return 0;
  }

  /** Counts before it sends: with the datagram the client wakes up and lowers the count, which a write of ours would undo. */
  commit(channel: OutgoingChannel, message: Uint8Array): boolean {
    const sent = this.#word(SENT[channel]);
    if (channel === 'response' && sent > this.#queueLength) return false;
    this.#set(SENT[channel], sent + 1);
    const socket = channel === 'response' ? this.#sockets.request : this.#sockets.event;
    socket.send(Buffer.from(message), `${this.#base}-${channel}`);
    return true;
  }

  post(): void {
    // It is counted already.
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const socket of Object.values(this.#sockets)) socket.close();
    fs.closeSync(this.#control);
  }

  remove(): void {
    this.close();
    this.#directory.remove();
  }

  #word(offset: number): number {
    const word = Buffer.alloc(4);
    fs.readSync(this.#control, word, 0, 4, offset);
    return new DataView(word.buffer, word.byteOffset).getInt32(0, LITTLE_ENDIAN);
  }

  #set(offset: number, value: number): void {
    const word = Buffer.alloc(4);
    new DataView(word.buffer, word.byteOffset).setInt32(0, value, LITTLE_ENDIAN);
    fs.writeSync(this.#control, word, 0, 4, offset);
  }
}
