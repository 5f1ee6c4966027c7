import type net from 'node:net';
import { constants } from 'node:os';
import { CONNECTION_REQUEST_SIZE } from '../codec/connection.ts';
import { MessageReader } from '../codec/message-reader.ts';
import { MessageWriter } from '../codec/message-writer.ts';
import { RING_HEADER } from '../codec/ring-layout.ts';
import { CS_ERROR_CODES, type CsErrorName } from '../errors/index.ts';
import type { FaultsByStep, FaultStep, MessageFault, StepFault, WelcomeFault } from './fault-types.ts';
import type { Faults, FaultSubject } from './faults.ts';
import { BadMessage, type ChunkLies, type LibqbRing } from './libqb-ring.ts';
import { eventKey, RequestReader } from './requests.ts';
import { bareResponse } from './responses.ts';
import { RingDirectory } from './ring-directory.ts';
import { ServerChannels, ServerHangs } from './server-channels.ts';
import { destroyAfterFlush, readFirst } from './setup-listener.ts';
import { StepRunner, type Steps } from './steps.ts';
import { EMPTY, encodeWelcome, refusal, type WelcomeFields } from './welcome.ts';

/** How often an event that did not fit its ring is tried again, in milliseconds. */
const RETRY_MS = 2;
/** Milliseconds after which a byte that belongs to a request that has been handled is a client's mistake. */
const OWED_BYTE_MS = 500;

/** What executes a client's requests. */
export interface Service {
  /** undefined: there is no answer. */
  handle(request: Buffer): Buffer | undefined;
  close(): void;
}

/** What a server counts over all its connections. */
export interface Counters {
  connections: number;
  refused: number;
  requests: number;
  responses: number;
  /** Answers that were never written: the ring was full, or a fault took them. */
  droppedResponses: number;
  events: number;
}

/** What a connection needs of its server. */
export interface ConnectionHost {
  readonly service: string;
  readonly sharedMemoryDirectory: string;
  readonly pid: number;
  readonly faults: Faults;
  readonly counters: Counters;
  readonly paused: boolean;
  readonly flowControl: number;
  newService(connection: ServerConnection): Service;
  onClosed(connection: ServerConnection): void;
  /** A client did what would harm corosync. */
  onViolation(error: Error): void;
  die(): void;
}

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
  #directory: RingDirectory | undefined;
  #channels: ServerChannels | undefined;
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

  get channels(): ServerChannels {
    if (this.#channels === undefined) throw new Error('the client has no rings yet');
    return this.#channels;
  }

  /** Where its ring files are. */
  get ringDirectory(): string {
    if (this.#directory === undefined) throw new Error('the client has no rings yet');
    return this.#directory.path;
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
    if (this.#channels === undefined) return;
    this.#channels.request.storage.writeHeader(RING_HEADER.flowControl, this.#flowControl);
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
    this.#directory?.remove();
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
    this.#channels?.close();
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

  #endsBy(fault: Pick<StepFault, 'close'> & { die?: string }, when: 'before' | 'during' | 'after'): boolean {
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
      fault.refuse === undefined ? this.#open(maxMessageSize) : refusal(errnoNumber(fault.refuse));
    for (const piece of welcomePieces(fields, fault)) {
      this.#socket.write(piece);
      if (fault.split !== undefined) yield 0;
    }
    if (this.#endsBy(fault, 'after')) return;
    if (fields.error === 0) return;
    this.#host.counters.refused += 1;
    this.#socket.end(() => this.close());
  }

  #open(maxMessageSize: number): WelcomeFields {
    const { service, sharedMemoryDirectory, pid: serverPid } = this.#host;
    const place = { service, sharedMemoryDirectory, serverPid, clientPid: process.pid, number: this.number };
    this.#directory = new RingDirectory(place);
    this.#channels = new ServerChannels(this.#directory.createRings(maxMessageSize));
    this.#channels.request.storage.writeHeader(RING_HEADER.flowControl, this.#flowControl);
    this.#service = this.#host.newService(this);
    this.#host.counters.connections += 1;
    return { ...EMPTY, connectionType: 1, maxMessageSize, ...this.#directory.names };
  }

  #receiveBytes(count: number): void {
    if (this.#channels === undefined || this.#closed) return;
    this.#channels.receiveBytes(count);
    if (this.#channels.owedBytes === 0) clearTimeout(this.#owedTimer);
    this.#requests.run(() => this.#serve());
  }

  *#serve(): Steps {
    while (this.serving && !this.#closed && !this.#host.paused && this.#flowControl === 0) {
      const { handled, unreadBytes } = this.channels;
      yield* this.#wakeUp();
      if (this.channels.handled === handled && this.channels.unreadBytes === unreadBytes) return;
    }
  }

  /** qb_ipcs_dispatch_connection_request */
  *#wakeUp(atMost?: number): Steps {
    try {
      const count = this.channels.beginWakeUp(atMost);
      for (let i = 0; i < count; i++) {
        if (!(yield* this.#serveRequest())) return;
      }
      if (count > 0 && this.channels.endWakeUp(count) > 0) this.#expectOwedBytes();
    } catch (error) {
      if (!(error instanceof ServerHangs) && !(error instanceof BadMessage)) throw error;
      this.#host.onViolation(error);
      if (error instanceof BadMessage) this.close();
    }
  }

  /** corosync is blocked until they come. A client that posts its next request at this moment sends them at once. */
  #expectOwedBytes(): void {
    this.#owedTimer = setTimeout(() => {
      const { owedBytes } = this.channels;
      this.#host.onViolation(new ServerHangs(`waits for ${owedBytes} bytes that are not there`));
    }, OWED_BYTE_MS);
  }

  *#serveRequest(): Generator<number, boolean> {
    const bytes = this.channels.peek();
    const request = new RequestReader(bytes);
    const subject = { request: request.name, key: request.key };
    this.#host.counters.requests += 1;
    let response: Buffer | undefined;
    const executed = yield* this.#step('request', subject, (fault) => {
      if (fault.flowControl !== undefined) this.#holdOff(fault.flowControl);
      response =
        fault.error === undefined ? this.#service?.handle(bytes) : overloaded(csErrorNumber(fault.error));
    });
    if (!executed) return false;
    if (!(yield* this.#respond(response, subject))) return false;
    this.channels.reclaim(bytes);
    return true;
  }

  *#respond(response: Buffer | undefined, subject: FaultSubject): Generator<number, boolean> {
    const fault = this.#host.faults.strike('response', subject);
    if (fault.delayMs !== undefined) yield fault.delayMs;
    if (this.#endsBy(fault, 'before')) return false;
    if (response === undefined || !this.#put(this.channels.response, response, fault)) {
      this.#host.counters.droppedResponses += 1;
    } else {
      this.#host.counters.responses += 1;
    }
    return !this.#closed && !this.#endsBy(fault, 'after');
  }

  #holdOff({ value, forMs }: { value: number; forMs: number }): void {
    const set = (word: number): void => {
      this.#ownFlowControl = word;
      this.channels.request.storage.writeHeader(RING_HEADER.flowControl, this.#flowControl);
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
      while (fault.drop !== true && !this.#put(this.channels.event, bytes, fault)) yield RETRY_MS;
      this.#outgoing.shift();
      if (this.closed || this.#endsBy(fault, 'after')) return;
      if (fault.drop === true) continue;
      this.#host.counters.events += 1;
      if (!(yield* this.#announce(bytes, fault.duplicate === true ? 2 : 1))) return;
    }
  }

  *#announce(event: Buffer, count: number): Generator<number, boolean> {
    return yield* this.#step('byte', { key: eventKey(event) }, (fault) =>
      this.sendBytes(fault.count ?? count),
    );
  }

  /** Writes a message, with its fault, to a ring. False if it is not there. */
  #put(ring: LibqbRing, message: Buffer, fault: MessageFault): boolean {
    if (fault.drop === true) return false;
    const bytes = spoil(message, fault);
    const lies: ChunkLies = { length: fault.chunkLength, magic: fault.magic };
    if (!ring.commit(bytes, lies)) return false;
    if (this.#endsBy(fault, 'during')) return true;
    ring.post();
    if (fault.duplicate === true) ring.write(bytes, lies);
    return true;
  }
}

function spoil(message: Buffer, fault: MessageFault): Uint8Array {
  const { size, id, error, change } = fault;
  if (size === undefined && id === undefined && error === undefined && change === undefined) return message;
  const writer = new MessageWriter(Buffer.from(message));
  if (id !== undefined) writer.i32(0, id);
  if (size !== undefined) writer.i32(8, size);
  if (error !== undefined) writer.i32(16, csErrorNumber(error));
  return change?.(writer.bytes) ?? writer.bytes;
}

function overloaded(error: number): Buffer {
  const writer = new MessageWriter(bareResponse(0, 'CS_ERR_TRY_AGAIN'));
  writer.i32(16, error);
  return writer.bytes;
}

function csErrorNumber(error: CsErrorName | number): number {
  return typeof error === 'number' ? error : CS_ERROR_CODES[error];
}

function errnoNumber(errno: string | number): number {
  if (typeof errno === 'number') return errno;
  const number = Object.entries(constants.errno).find(([name]) => name === errno)?.[1];
  if (number === undefined) throw new RangeError(`no errno is called ${errno}`);
  return number;
}

function welcomePieces(fields: WelcomeFields, fault: WelcomeFault): Uint8Array[] {
  const answer = encodeWelcome({ ...fields, ...fault.fields });
  let rest = fault.change?.(answer) ?? answer;
  const pieces: Uint8Array[] = [];
  for (const size of fault.split ?? []) {
    pieces.push(rest.subarray(0, size));
    rest = rest.subarray(size);
  }
  return [...pieces, rest].filter((piece) => piece.length > 0);
}
