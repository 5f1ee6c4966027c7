import fs from 'node:fs';
import type net from 'node:net';
import { join } from 'node:path';
import { CONTROL } from '../../../src/ipc/datagram/datagram-control.ts';
import { loadNodeUnixSocket } from '../../../src/ipc/datagram/node-unix-socket.ts';
import type { DatagramBackend, DatagramSocket } from '../../../src/ipc/datagram/datagram-socket.ts';
import { loadUnixDgram } from '../../../src/ipc/datagram/unix-dgram-socket.ts';
import { FakeSetupServer } from './fake-setup-server.ts';
import type { Reply } from '../../../src/testing/server/service.ts';
import { connectionResponse } from '../wire/message-builder.ts';

const BUFFER_SIZE = 65_536;

export interface FakeDatagramOptions {
  readonly answer: (request: Buffer) => Reply;
  /** Names in the abstract namespace, as libqb has them on Linux, or files. Default: abstract. */
  readonly namespace?: 'abstract' | 'file';
  /** In the names: whose death the client looks for. */
  readonly pid?: number;
  /** Handle requests as they come. Default true. */
  readonly serve?: boolean;
  readonly bufferSize?: number;
  readonly controlMode?: number;
  /** Called with the path of each new control file, before the client is told of it. */
  readonly spoil?: (controlFile: string) => void;
}

/** One client as the server has it. */
export class FakeDatagramConnection {
  readonly base: string;
  readonly controlFile: string;
  /** Requests in the order in which they came; those that `answerNext` has not taken yet are in `waiting`, the others in `handled`. */
  readonly requests: Buffer[] = [];
  readonly waiting: Buffer[] = [];
  readonly handled: Buffer[] = [];
  /** Handled, and to be answered later, by `answerHeld`. */
  readonly held: Buffer[] = [];
  /** What the client had counted as sent when a request came, that request included. */
  readonly counts: number[] = [];
  readonly #options: FakeDatagramOptions;
  readonly #socket: net.Socket;
  readonly #directory: string | undefined;
  readonly #requestSocket: DatagramSocket;
  readonly #eventSocket: DatagramSocket;

  constructor(
    options: FakeDatagramOptions,
    backend: DatagramBackend,
    socket: net.Socket,
    names: { base: string; controlFile: string; directory: string | undefined },
  ) {
    this.#options = options;
    this.#socket = socket;
    this.base = names.base;
    this.controlFile = names.controlFile;
    this.#directory = names.directory;
    if (names.directory !== undefined) fs.mkdirSync(names.directory, { mode: 0o770 });
    fs.writeFileSync(names.controlFile, Buffer.alloc(CONTROL.size), { mode: options.controlMode ?? 0o600 });
    options.spoil?.(names.controlFile);
    const fail = (error: Error): void => {
      throw error;
    };
    const onDatagram = (request: Buffer): void => this.#receive(request);
    this.#requestSocket = backend.bind(`${this.base}-request`, { onDatagram, onError: fail });
    this.#eventSocket = backend.bind(`${this.base}-event-tx`, { onDatagram: () => undefined, onError: fail });
    socket.on('close', () => this.#disconnect());
  }

  get open(): boolean {
    return !this.#socket.destroyed;
  }

  /** Handles so many of the requests that wait. */
  answerNext(count = this.waiting.length): void {
    for (const request of this.waiting.splice(0, count)) {
      this.add(CONTROL.requestsSent, -1);
      this.handled.push(request);
      const reply = this.#options.answer(request);
      if (reply === 'later') this.held.push(request);
      else if (reply !== 'never') this.#answer(reply);
    }
  }

  /** Gives the requests that were to be answered later these answers. */
  answerHeld(answer: (request: Buffer) => Buffer): void {
    for (const request of this.held.splice(0)) this.#answer(answer(request));
  }

  #answer(answer: Buffer): void {
    this.sendUncounted(answer);
    this.add(CONTROL.responsesSent, 1);
  }

  /** As libqb does for a moment: the answer is there, its count is still to come. */
  sendUncounted(answer: Uint8Array): void {
    this.#requestSocket.send(Buffer.from(answer), `${this.base}-response`);
  }

  notify(event: Uint8Array): void {
    this.#eventSocket.send(Buffer.from(event), `${this.base}-event`);
    this.add(CONTROL.eventsSent, 1);
  }

  /** qb_atomic_int_inc and _dec. */
  add(offset: number, change: number): void {
    this.set(offset, this.word(offset) + change);
  }

  set(offset: number, value: number): void {
    const fd = fs.openSync(this.controlFile, 'r+');
    const word = Buffer.alloc(4);
    word.writeInt32LE(value);
    fs.writeSync(fd, word, 0, 4, offset);
    fs.closeSync(fd);
  }

  word(offset: number): number {
    return fs.readFileSync(this.controlFile).readInt32LE(offset);
  }

  /** Dies: everything closes, the files stay. */
  die(): void {
    this.#socket.removeAllListeners('close');
    this.#socket.destroy();
    this.closeSockets();
  }

  /** What a second process of the server would see of the first one's end: nothing but this. */
  closeSockets(): void {
    this.#requestSocket.close();
    this.#eventSocket.close();
  }

  sendBytes(count: number): void {
    this.#socket.write(Buffer.alloc(count));
  }

  #receive(request: Buffer): void {
    this.counts.push(this.word(CONTROL.requestsSent));
    this.requests.push(request);
    this.waiting.push(request);
    if (this.#options.serve !== false) this.answerNext();
  }

  /** qb_ipcs_us_disconnect */
  #disconnect(): void {
    this.closeSockets();
    fs.rmSync(this.controlFile, { force: true });
    for (const channel of ['request', 'event-tx']) {
      if (this.#options.namespace === 'file') fs.rmSync(`${this.base}-${channel}`, { force: true });
    }
    if (this.#directory !== undefined) fs.rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** libqb's server with datagram sockets (ipc_socket.c). */
export class FakeDatagramCorosync implements AsyncDisposable {
  readonly setup: FakeSetupServer;
  readonly #connections: FakeDatagramConnection[];
  readonly #backend: DatagramBackend;
  readonly #namespace: 'abstract' | 'file';

  private constructor(
    setup: FakeSetupServer,
    connections: FakeDatagramConnection[],
    backend: DatagramBackend,
    namespace: 'abstract' | 'file',
  ) {
    this.setup = setup;
    this.#connections = connections;
    this.#backend = backend;
    this.#namespace = namespace;
  }

  static async start(options: FakeDatagramOptions): Promise<FakeDatagramCorosync> {
    const namespace = options.namespace ?? 'abstract';
    const backend = await (namespace === 'file' ? loadUnixDgram() : loadNodeUnixSocket('abstract'));
    const connections: FakeDatagramConnection[] = [];
    const setup: FakeSetupServer = await FakeSetupServer.start((socket, attempt) => {
      const names = namesOf(setup.directory, namespace, options.pid ?? process.pid, attempt);
      connections.push(new FakeDatagramConnection(options, backend, socket, names));
      socket.write(
        connectionResponse({
          error: 0,
          connectionType: 0,
          maxMessageSize: options.bufferSize ?? BUFFER_SIZE,
          connection: '1',
          request: names.recordedControl,
          response: names.response,
          event: '',
        }).toBytes(),
      );
    });
    return new FakeDatagramCorosync(setup, connections, backend, namespace);
  }

  /** What a client needs to find it. */
  get options(): { socketDirectory: string; sharedMemoryDirectory: string; bufferSize: number } {
    const { directory } = this.setup;
    return { socketDirectory: directory, sharedMemoryDirectory: directory, bufferSize: BUFFER_SIZE };
  }

  get connected(): boolean {
    return this.#connections.length > 0;
  }

  /** The latest client. */
  get connection(): FakeDatagramConnection {
    const connection = this.#connections.at(-1);
    if (connection === undefined) throw new Error('no client has connected');
    return connection;
  }

  /** Another process of the machine: sends to a socket of the latest client. */
  sendForeign(channel: 'response' | 'event', ...datagrams: Uint8Array[]): void {
    const name =
      this.#namespace === 'file' ? join(this.setup.directory, 'foreign') : `foreign-${process.pid}`;
    const listener = { onDatagram: () => undefined, onError: () => undefined };
    const socket = this.#backend.bind(name, listener);
    for (const bytes of datagrams) socket.send(Buffer.from(bytes), `${this.connection.base}-${channel}`);
    socket.close();
    fs.rmSync(name, { force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const connection of this.#connections) connection.closeSockets();
    await this.setup[Symbol.asyncDispose]();
  }
}

interface Names {
  readonly base: string;
  readonly response: string;
  readonly controlFile: string;
  readonly recordedControl: string;
  readonly directory: string | undefined;
}

function namesOf(directory: string, namespace: 'abstract' | 'file', pid: number, attempt: number): Names {
  if (namespace === 'file') {
    const response = `qb-cmap-${pid}-${process.pid}-${attempt}`;
    const control = `qb-cmap-control-${pid}-${process.pid}-${attempt}`;
    return {
      base: join(directory, response),
      response,
      controlFile: join(directory, control),
      recordedControl: `/dev/shm/${control}`,
      directory: undefined,
    };
  }
  // Abstract names are the whole machine's: the last part of mkdtemp's name makes these unique.
  const name = `qb-${pid}-${process.pid}-${attempt}-${directory.slice(-6)}`;
  const response = `/dev/shm/${name}/qb-cmap`;
  return {
    base: response,
    response,
    controlFile: join(directory, name, 'qb-control-cmap'),
    recordedControl: `/dev/shm/${name}/qb-control-cmap`,
    directory: join(directory, name),
  };
}
