import type net from 'node:net';
import { ConnectionFaults } from '../faults/connection-faults.ts';
import type { ConnectionHost } from './connection-host.ts';
import { DatagramTransport } from './server-datagram-transport.ts';
import { EventSender } from './event-sender.ts';
import { Handshake } from './handshake.ts';
import { RequestServer, type HoldOff } from './request-server.ts';
import type { RingDirectory } from './ring-directory.ts';
import type { FakeService } from '../faults/request-names.ts';
import type { MessageSubject, ServedService, Service, ServiceConnection } from './service.ts';
import { RingTransport } from './server-ring-transport.ts';
import type { ServerTransport } from './server-transport.ts';
import { destroyAfterFlush } from './setup-listener.ts';
import { EMPTY, type WelcomeFields } from './welcome.ts';

/** What a connection needs of its server. */
export interface ServerConnectionHost extends ConnectionHost {
  onClosed(connection: ServerConnection): void;
}

/** The server's end of one connection: handshake, requests, answers and events, with the faults that strike them. */
export class ServerConnection implements ServiceConnection {
  /** 1 for the server's first. */
  readonly number: number;
  /** False: requests wait until `wakeUp` is called for them. */
  serving = true;
  readonly #host: ServerConnectionHost;
  readonly #served: ServedService<ServerConnection>;
  readonly #socket: net.Socket;
  readonly #handshake: Handshake;
  readonly #requests: RequestServer;
  readonly #events: EventSender;
  #transport: ServerTransport | undefined;
  #service: Service | undefined;
  #closed = false;

  constructor(
    host: ServerConnectionHost,
    served: ServedService<ServerConnection>,
    socket: net.Socket,
    number: number,
  ) {
    this.#host = host;
    this.#served = served;
    this.#socket = socket;
    this.number = number;
    const faults = new ConnectionFaults(host, this);
    this.#handshake = new Handshake(host, this, faults, socket);
    this.#requests = new RequestServer(host, this, faults);
    this.#events = new EventSender(host, this, faults);
    socket.on('close', () => this.close());
    this.#handshake.run();
  }

  get serviceName(): FakeService {
    return this.#served.name;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Its files are there, and it is welcome or will be in a moment. */
  get established(): boolean {
    return this.#transport !== undefined && !this.#closed;
  }

  /** Once it is established. */
  get transport(): ServerTransport {
    if (this.#transport === undefined) throw new Error('the client is not connected yet');
    return this.#transport;
  }

  get service(): Service | undefined {
    return this.#service;
  }

  /** Whether the client has taken all that it was told, and all that it has asked is answered. */
  get atRest(): boolean {
    return this.#events.queued === 0 && this.#transport?.atRest !== false;
  }

  /** Events that wait for room in the ring. */
  get queuedEvents(): number {
    return this.#events.queued;
  }

  subjectOf(request: Buffer): MessageSubject {
    return this.#served.subjectOf(request);
  }

  eventSubject(event: Buffer): MessageSubject {
    return this.#served.eventSubject(event);
  }

  /** Makes the transport that the client has asked for. Nothing is told to it before it is `welcome`. */
  open(directory: RingDirectory, maxMessageSize: number): WelcomeFields {
    this.#transport = this.#newTransport(directory, maxMessageSize);
    this.#transport.setFlowControl(this.#requests.flowControl);
    this.#host.counters.connections += 1;
    return { ...EMPTY, ...this.#transport.welcome, maxMessageSize };
  }

  /** It has been told so: its service begins. */
  welcome(): void {
    this.#service = this.#served.open(this);
  }

  /** Sends an event, or queues it behind those that wait. */
  send(bytes: Buffer): void {
    if (!this.#closed) this.#events.send(bytes);
  }

  /** Answers a request of which the service has said that it is answered later. */
  answerLater(answer: Buffer): void {
    if (!this.#closed) this.#requests.answerLater(answer);
  }

  /** corosync's main loop turns. */
  turn(): void {
    this.#events.tryAgain();
  }

  /** Bytes on the socket that announce nothing. */
  sendBytes(count: number): void {
    if (count > 0) this.#socket.write(Buffer.alloc(count));
  }

  /** Bytes of the client on the socket. */
  receiveBytes(count: number): void {
    if (this.#transport !== undefined && !this.#closed) this.#requests.receiveBytes(count);
  }

  /** Ends the server's direction of the socket only. */
  hangUp(): void {
    this.#socket.end();
  }

  /** Goes on after a pause or a change of flow control. */
  wake(): void {
    if (this.#transport === undefined) return;
    this.#transport.setFlowControl(this.#requests.flowControl);
    this.#requests.run();
    this.#events.run();
  }

  /** Its requests are not read for a while. */
  holdOff(why: HoldOff, held: boolean): void {
    this.#requests.holdOff(why, held);
    this.wake();
  }

  /** Handles the requests of one wake-up. */
  wakeUp(atMost: number): void {
    this.#requests.wakeUp(atMost);
  }

  /** Ends in good order: the socket closes before others are told, and the files go, too. */
  close(): void {
    if (this.#closed) return;
    this.#stop();
    this.#socket.destroy();
    this.#service?.close('client');
    this.#transport?.remove();
    this.#host.onClosed(this);
  }

  /** Ends as a killed process does: the files stay. */
  die(): void {
    if (this.#closed) return;
    this.#stop();
    this.#service?.close('server');
    this.#transport?.close();
    destroyAfterFlush(this.#socket);
  }

  #stop(): void {
    this.#closed = true;
    for (const part of [this.#handshake, this.#requests, this.#events]) part.stop();
  }

  #newTransport(directory: RingDirectory, maxMessageSize: number): ServerTransport {
    const { datagrams } = this.#host;
    if (datagrams === undefined) return new RingTransport(directory, maxMessageSize);
    const onRequest = (): void => this.#requests.run();
    return new DatagramTransport(directory, datagrams, onRequest, () => this.close());
  }
}
