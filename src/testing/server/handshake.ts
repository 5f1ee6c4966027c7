import type net from 'node:net';
import { CONNECTION_REQUEST_SIZE } from '../../codec/connection.ts';
import { MessageReader } from '../../codec/message-reader.ts';
import { errnoNumber, errnoOf, welcomePieces } from '../faults/apply-fault.ts';
import type { ConnectionFaults } from '../faults/connection-faults.ts';
import type { ConnectionHost } from './connection-host.ts';
import type { WelcomeFault } from '../faults/fault-types.ts';
import { RingDirectory } from './ring-directory.ts';
import { readFirst } from './setup-listener.ts';
import type { FakeService } from '../faults/request-names.ts';
import { StepRunner, type Steps } from '../faults/steps.ts';
import { refusal, type WelcomeFields } from './welcome.ts';

/** How often a server that is paused is asked again, in milliseconds. */
const RETRY_MS = 2;

interface NewConnection {
  readonly serviceName: FakeService;
  readonly number: number;
  /** Makes the transport; the answer tells the client of it. @throws a system error: its files cannot be made. */
  open(directory: RingDirectory, maxMessageSize: number): WelcomeFields;
  /** The answer has been sent. */
  welcome(): void;
  /** Bytes that come after the handshake. */
  receiveBytes(count: number): void;
  close(): void;
}

/** One client's way in: it connects, states who it is, and is welcome or refused. */
export class Handshake {
  readonly #host: ConnectionHost;
  readonly #connection: NewConnection;
  readonly #faults: ConnectionFaults;
  readonly #socket: net.Socket;
  readonly #runner = new StepRunner();

  constructor(host: ConnectionHost, connection: NewConnection, faults: ConnectionFaults, socket: net.Socket) {
    this.#host = host;
    this.#connection = connection;
    this.#faults = faults;
    this.#socket = socket;
  }

  run(): void {
    this.#runner.run(() => this.#accept());
  }

  stop(): void {
    this.#runner.stop();
  }

  *#accept(): Steps {
    yield* this.#faults.step('accept', {}, () => {
      readFirst(this.#socket, CONNECTION_REQUEST_SIZE, (bytes) => {
        this.#socket.on('data', (more) => this.#connection.receiveBytes(more.length));
        this.#runner.run(() => this.#authenticate(bytes));
      });
    });
  }

  *#authenticate(bytes: Buffer): Steps {
    const maxMessageSize = new MessageReader(bytes).u32(16);
    if (!(yield* this.#faults.step('authenticate', {}, () => undefined))) return;
    // SIGSTOP: the kernel takes the connection, and nobody looks at it.
    while (this.#host.paused) yield RETRY_MS;
    yield* this.#welcome(maxMessageSize, this.#faults.strike('welcome'));
  }

  *#welcome(maxMessageSize: number, fault: WelcomeFault): Steps {
    if (!(yield* this.#faults.begins(fault))) return;
    const fields =
      fault.refuse === undefined ? this.#openOrRefuse(maxMessageSize) : refusal(errnoNumber(fault.refuse));
    const pieces = welcomePieces(fields, fault);
    for (const [index, piece] of pieces.entries()) {
      // A test's own `change` may have ended the server.
      if (this.#socket.destroyed) return;
      this.#socket.write(piece);
      // At once: the client may ask as soon as it has the last piece.
      if (fields.error === 0 && index === pieces.length - 1) this.#connection.welcome();
      if (fault.split !== undefined) yield 0;
    }
    if (this.#faults.endsBy(fault, 'after')) return;
    if (fields.error === 0) return;
    this.#host.counters.refused += 1;
    this.#socket.end(() => this.#connection.close());
  }

  /** corosync, too, refuses a client whose files it cannot make. */
  #openOrRefuse(maxMessageSize: number): WelcomeFields {
    const { sharedMemoryDirectory, pid: serverPid } = this.#host;
    const { number, serviceName: service } = this.#connection;
    const place = { service, sharedMemoryDirectory, serverPid, clientPid: process.pid, number };
    const directory = new RingDirectory(place);
    try {
      return this.#connection.open(directory, maxMessageSize);
    } catch (error) {
      directory.remove();
      return refusal(errnoOf(error));
    }
  }
}
