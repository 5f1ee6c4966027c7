import type net from 'node:net';
import { CONNECTION_REQUEST_SIZE } from '../codec/connection.ts';
import { MessageReader } from '../codec/message-reader.ts';
import { bareError, errnoNumber, errnoOf, spoil, welcomePieces } from './apply-fault.ts';
import type { ConnectionHost, Service } from './connection-host.ts';
import type { FaultsByStep, FaultStep, MessageFault, StepFault } from './fault-types.ts';
import type { FaultSubject } from './faults.ts';
import { DatagramTransport } from './datagram-transport.ts';
import { BadMessage, type ChunkLies } from './libqb-ring.ts';
import { eventKey, RequestReader } from './requests.ts';
import { RingDirectory } from './ring-directory.ts';
import { RingTransport } from './ring-transport.ts';
import { ServerHangs } from './server-channels.ts';
import type { OutgoingChannel, ServerTransport } from './server-transport.ts';
import { destroyAfterFlush, readFirst } from './setup-listener.ts';
import { StepRunner, type Steps } from './steps.ts';
import { EMPTY, refusal, type WelcomeFields } from './welcome.ts';

/** How often an event that did not fit its ring is tried again, in milliseconds. */
const RETRY_MS = 2;
/** Milliseconds after which a byte that belongs to a request that has been handled is a client's mistake. */
const OWED_BYTE_MS = 500;

/** QB_IPC_MSG_DISCONNECT */
const DISCONNECT_ID = -3;

interface OutgoingEvent {
  readonly bytes: Buffer;
  readonly fault: MessageFault;
}

/** The server's end of one connection: handshake, requests, answers and events, with the faults that strike them. */
export class ServerConnection {
  /** 1 for the server's first. */
  readonly number: number;
  /** False: requests wait until `wakeUp` is called for them. */
  serving = true;
  readonly #host: ConnectionHost;
  readonly #socket: net.Socket;
  readonly #setup = new StepRunner();
  readonly #requests = new StepRunner();
  readonly #events = new StepRunner();
  readonly #outgoing: OutgoingEvent[] = [];
  #transport: ServerTransport | undefined;
  #service: Service | undefined;
  #owedTimer: NodeJS.Timeout | undefined;
  #flowTimer: NodeJS.Timeout | undefined;
  #ownFlowControl = 0;
  #closed = false;

  constructor(host: ConnectionHost, socket: net.Socket, number: number) {
    this.#host = host;
    this.#socket = socket;
    this.number = number;
    socket.on('close', () => this.close());
    this.#setup.run(() => this.#accept());
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Connected and welcomed. */
  get established(): boolean {
    return this.#service !== undefined && !this.#closed;
  }

  /** Once it is established. */
  get transport(): ServerTransport {
    if (this.#transport === undefined) throw new Error('the client is not connected yet');
    return this.#transport;
  }

  /** Events that wait for room in the ring. */
  get queuedEvents(): number {
    return this.#outgoing.length;
  }

  /** Sends an event, or queues it behind those that wait. */
  send(bytes: Buffer): void {
    if (this.#closed) return;
    this.#outgoing.push({ bytes, fault: this.#host.faults.strike('event', { key: eventKey(bytes) }) });
    this.#events.run(() => this.#sendEvents());
  }

  /** Bytes on the socket that announce nothing. */
  sendBytes(count: number): void {
    if (count > 0) this.#socket.write(Buffer.alloc(count));
  }

  /** Ends the server's direction of the socket only. */
  hangUp(): void {
    this.#socket.end();
  }

  /** Goes on after a pause or a change of flow control. */
  wake(): void {
    if (this.#transport === undefined) return;
    this.#transport.setFlowControl(this.#flowControl);
    this.#requests.run(() => this.#serve());
    this.#events.run(() => this.#sendEvents());
  }

  /** Handles the requests of one wake-up. */
  wakeUp(atMost: number): void {
    this.#requests.run(() => this.#wakeUp(atMost));
  }

  /** Ends in good order: the files go, too. */
  close(): void {
    if (this.#closed) return;
    this.#end();
    this.#socket.destroy();
    this.#transport?.remove();
    this.#host.onClosed(this);
  }

  /** Ends as a killed process does: the files stay. */
  die(): void {
    if (this.#closed) return;
    this.#end();
    destroyAfterFlush(this.#socket);
  }

  #end(): void {
    this.#closed = true;
    for (const runner of [this.#setup, this.#requests, this.#events]) runner.stop();
    clearTimeout(this.#owedTimer);
    clearTimeout(this.#flowTimer);
    this.#service?.close();
    this.#transport?.close();
  }

  get #flowControl(): number {
    return this.#ownFlowControl || this.#host.flowControl;
  }

  /** A step with the faults that strike it. False if that was the end of the connection. */
  *#step<Step extends FaultStep>(
    step: Step,
    subject: FaultSubject,
    act: (fault: FaultsByStep[Step]) => void,
  ): Generator<number, boolean> {
    const fault = this.#host.faults.strike(step, subject);
    if (fault.delayMs !== undefined) yield fault.delayMs;
    if (this.#endsBy(fault, 'before')) return false;
    act(fault);
    return !this.#closed && !this.#endsBy(fault, 'after');
  }

  #endsBy(
    fault: Pick<StepFault, 'close'> & { die?: string | undefined },
    when: 'before' | 'during' | 'after',
  ): boolean {
    if (fault.die === when) this.#host.die();
    else if (fault.close === when) this.close();
    return this.#closed;
  }

  *#accept(): Steps {
    yield* this.#step('accept', {}, () => {
      readFirst(this.#socket, CONNECTION_REQUEST_SIZE, (bytes) => {
        this.#socket.on('data', (more) => this.#receiveBytes(more.length));
        this.#setup.run(() => this.#authenticate(bytes));
      });
    });
  }

  *#authenticate(bytes: Buffer): Steps {
    const maxMessageSize = new MessageReader(bytes).u32(16);
    if (!(yield* this.#step('authenticate', {}, () => undefined))) return;
    // SIGSTOP: the kernel takes the connection, and nobody looks at it.
    while (this.#host.paused) yield RETRY_MS;
    const fault = this.#host.faults.strike('welcome');
    if (fault.delayMs !== undefined) yield fault.delayMs;
    if (this.#endsBy(fault, 'before')) return;
    const fields =
      fault.refuse === undefined ? this.#openOrRefuse(maxMessageSize) : refusal(errnoNumber(fault.refuse));
    for (const piece of welcomePieces(fields, fault)) {
      this.#socket.write(piece);
      if (fault.split !== undefined) yield 0;
    }
    if (this.#endsBy(fault, 'after')) return;
    if (fields.error === 0) return;
    this.#host.counters.refused += 1;
    this.#socket.end(() => this.close());
  }

  /** corosync, too, refuses a client whose files it cannot make. */
  #openOrRefuse(maxMessageSize: number): WelcomeFields {
    const { service, sharedMemoryDirectory, pid: serverPid } = this.#host;
    const place = { service, sharedMemoryDirectory, serverPid, clientPid: process.pid, number: this.number };
    const directory = new RingDirectory(place);
    try {
      return this.#open(directory, maxMessageSize);
    } catch (error) {
      directory.remove();
      return refusal(errnoOf(error));
    }
  }

  #open(directory: RingDirectory, maxMessageSize: number): WelcomeFields {
    this.#transport = this.#newTransport(directory, maxMessageSize);
    this.#transport.setFlowControl(this.#flowControl);
    this.#service = this.#host.newService(this);
    this.#host.counters.connections += 1;
    return { ...EMPTY, ...this.#transport.welcome, maxMessageSize };
  }

  #newTransport(directory: RingDirectory, maxMessageSize: number): ServerTransport {
    const { datagrams } = this.#host;
    if (datagrams === undefined) return new RingTransport(directory, maxMessageSize);
    const onRequest = (): void => this.#requests.run(() => this.#serve());
    return new DatagramTransport(directory, datagrams, onRequest, () => this.close());
  }

  #receiveBytes(count: number): void {
    if (this.#transport === undefined || this.#closed) return;
    this.#transport.receiveBytes(count);
    if (this.#transport.owedBytes === 0) clearTimeout(this.#owedTimer);
    this.#requests.run(() => this.#serve());
  }

  *#serve(): Steps {
    while (this.serving && !this.#closed && !this.#host.paused && this.#flowControl === 0) {
      const { handled } = this.transport;
      yield* this.#wakeUp();
      if (this.transport.handled === handled) return;
    }
  }

  /** qb_ipcs_dispatch_connection_request */
  *#wakeUp(atMost?: number): Steps {
    try {
      const count = this.transport.beginWakeUp(atMost);
      for (let i = 0; i < count; i++) {
        if (!(yield* this.#serveRequest())) return;
      }
      if (count > 0 && this.transport.endWakeUp(count) > 0) this.#expectOwedBytes();
    } catch (error) {
      if (!(error instanceof ServerHangs) && !(error instanceof BadMessage)) throw error;
      this.#host.onViolation(error);
      if (error instanceof BadMessage) this.close();
    }
  }

  /** corosync is blocked until they come. A client that posts its next request at this moment sends them at once. */
  #expectOwedBytes(): void {
    this.#owedTimer = setTimeout(() => {
      const { owedBytes } = this.transport;
      this.#host.onViolation(new ServerHangs(`waits for ${owedBytes} bytes that are not there`));
    }, OWED_BYTE_MS);
  }

  *#serveRequest(): Generator<number, boolean> {
    const bytes = this.transport.peek();
    const request = new RequestReader(bytes);
    if (request.id === DISCONNECT_ID) {
      this.close();
      return false;
    }
    const subject = { request: request.name, key: request.key };
    this.#host.counters.requests += 1;
    let response: Buffer | undefined;
    const executed = yield* this.#step('request', subject, (fault) => {
      if (fault.flowControl !== undefined) this.#holdOff(fault.flowControl);
      response =
        fault.error === undefined
          ? this.#service?.handle(bytes, this.transport.reread(bytes))
          : bareError(fault.error);
    });
    if (!executed) return false;
    if (!(yield* this.#respond(response, subject))) return false;
    this.transport.reclaim(bytes);
    return true;
  }

  *#respond(response: Buffer | undefined, subject: FaultSubject): Generator<number, boolean> {
    const fault = this.#host.faults.strike('response', subject);
    if (fault.delayMs !== undefined) yield fault.delayMs;
    if (this.#endsBy(fault, 'before')) return false;
    if (response === undefined || !this.#put('response', response, fault)) {
      this.#host.counters.droppedResponses += 1;
    } else {
      this.#host.counters.responses += 1;
    }
    return !this.#closed && !this.#endsBy(fault, 'after');
  }

  #holdOff({ value, forMs }: { value: number; forMs: number }): void {
    const set = (word: number): void => {
      this.#ownFlowControl = word;
      this.transport.setFlowControl(this.#flowControl);
    };
    set(value);
    clearTimeout(this.#flowTimer);
    this.#flowTimer = setTimeout(() => {
      set(0);
      this.wake();
    }, forMs);
  }

  *#sendEvents(): Steps {
    for (let event = this.#outgoing[0]; event !== undefined; event = this.#outgoing[0]) {
      if (this.#host.paused || this.#closed) return;
      const { bytes, fault } = event;
      if (fault.delayMs !== undefined) yield fault.delayMs;
      if (this.#endsBy(fault, 'before')) return;
      while (fault.drop !== true && !this.#put('event', bytes, fault)) yield RETRY_MS;
      this.#outgoing.shift();
      if (this.closed || this.#endsBy(fault, 'after')) return;
      if (fault.drop === true) continue;
      this.#host.counters.events += 1;
      if (!this.transport.announcesEvents) continue;
      if (!(yield* this.#announce(bytes, fault.duplicate === true ? 2 : 1))) return;
    }
  }

  *#announce(event: Buffer, count: number): Generator<number, boolean> {
    return yield* this.#step('byte', { key: eventKey(event) }, (fault) =>
      this.sendBytes(fault.count ?? count),
    );
  }

  /** Writes a message, with its fault. False if it is not there. */
  #put(channel: OutgoingChannel, message: Buffer, fault: MessageFault): boolean {
    if (fault.drop === true) return false;
    const bytes = spoil(message, fault);
    const lies: ChunkLies = { length: fault.chunkLength, magic: fault.magic };
    for (let copies = fault.duplicate === true ? 2 : 1; copies > 0; copies--) {
      if (!this.transport.commit(channel, bytes, lies)) return false;
      if (this.#endsBy(fault, 'during')) return true;
      this.transport.post(channel);
    }
    return true;
  }
}
