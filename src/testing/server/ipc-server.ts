import fs from 'node:fs';
import type net from 'node:net';
import type { DatagramBackend } from './server-datagram-socket.ts';
import { Faults } from '../faults/faults.ts';
import type { Counters, Service } from './connection-host.ts';
import { ServerConnection, type ServerConnectionHost } from './server-connection.ts';
import { SetupListener } from './setup-listener.ts';

export interface IpcServerOptions {
  /** A file's path, or an abstract name of 108 bytes. */
  readonly socketPath: string;
  readonly sharedMemoryDirectory: string;
  readonly service: string;
  /** In the names of the ring files. */
  readonly pid: number;
  /** For datagrams instead of shared memory. */
  readonly datagrams?: DatagramBackend | undefined;
  /** Default: none. */
  readonly faults?: Faults;
  readonly newService: (connection: ServerConnection) => Service;
}

type ServerState =
  | { readonly name: 'up'; readonly listener: SetupListener }
  /** `died` resolves when the last listener has let go of the socket. */
  | { readonly name: 'down'; readonly died: Promise<void> };

/** libqb's server: a socket, ring files in a directory for each client, and the rules of its rings. */
export class IpcServer implements ServerConnectionHost {
  readonly faults: Faults;
  readonly counters: Counters = {
    connections: 0,
    refused: 0,
    requests: 0,
    responses: 0,
    droppedResponses: 0,
    events: 0,
  };
  /** What clients did that would have harmed corosync. */
  readonly violations: Error[] = [];
  readonly #options: IpcServerOptions;
  readonly #connections = new Set<ServerConnection>();
  /** Ring directories that a death has left behind. */
  readonly #remains = new Set<string>();
  #state: ServerState = { name: 'down', died: Promise.resolve() };
  #accepted = 0;
  #paused = false;
  #flowControl = 0;

  private constructor(options: IpcServerOptions) {
    this.#options = options;
    this.faults = options.faults ?? new Faults(options.datagrams === undefined ? 'shm' : 'socket');
  }

  static async start(options: IpcServerOptions): Promise<IpcServer> {
    const server = new IpcServer(options);
    await server.listen();
    return server;
  }

  /** Only where nobody listens. */
  async listen(): Promise<void> {
    if (this.#state.name !== 'down') throw new Error('the server listens already');
    await this.#state.died;
    this.#paused = false;
    this.#flowControl = 0;
    const listener = await SetupListener.listen(this.#options.socketPath, (socket) => this.#accept(socket));
    this.#state = { name: 'up', listener };
  }

  get running(): boolean {
    return this.#state.name === 'up';
  }

  get service(): string {
    return this.#options.service;
  }

  get sharedMemoryDirectory(): string {
    return this.#options.sharedMemoryDirectory;
  }

  get pid(): number {
    return this.#options.pid;
  }

  get datagrams(): DatagramBackend | undefined {
    return this.#options.datagrams;
  }

  get paused(): boolean {
    return this.#paused;
  }

  get flowControl(): number {
    return this.#flowControl;
  }

  /** Sockets that clients have not closed. */
  get openSockets(): number {
    return this.#state.name === 'up' ? this.#state.listener.open : 0;
  }

  /** Connections whose handshake is done, oldest first. */
  get connections(): ServerConnection[] {
    return [...this.#connections].filter((connection) => connection.established);
  }

  /** As SIGSTOP does: the kernel accepts connections and takes bytes, and nothing is answered. */
  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#wakeAll();
  }

  /** 0: go. 1 or 2: stop; requests are not read. */
  setFlowControl(value: 0 | 1 | 2): void {
    this.#flowControl = value;
    this.#wakeAll();
  }

  /** As SIGKILL does: sockets close, ring files stay. Resolves when the kernel has closed them. */
  die(): Promise<void> {
    if (this.#state.name === 'down') return this.#state.died;
    const died = this.#state.listener.die();
    this.#state = { name: 'down', died };
    died.catch(() => undefined); // told to whoever starts or stops next
    for (const connection of this.#connections) {
      if (connection.established) this.#remains.add(connection.transport.directory);
      connection.die();
    }
    this.#connections.clear();
    return died;
  }

  /** As SIGTERM does: everything is given back. What deaths have left behind goes, too. */
  async stop(): Promise<void> {
    const state = this.#state;
    for (const connection of [...this.#connections]) connection.close();
    const died = state.name === 'up' ? state.listener.close() : state.died;
    this.#state = { name: 'down', died };
    await died;
    for (const directory of this.#remains) fs.rmSync(directory, { recursive: true, force: true });
    this.#remains.clear();
  }

  newService(connection: ServerConnection): Service {
    return this.#options.newService(connection);
  }

  onClosed(connection: ServerConnection): void {
    this.#connections.delete(connection);
  }

  turn(): void {
    for (const connection of this.#connections) connection.turn();
  }

  onViolation(error: Error): void {
    this.violations.push(error);
  }

  #accept(socket: net.Socket): void {
    this.#accepted += 1;
    const connection = new ServerConnection(this, socket, this.#accepted);
    if (!connection.closed) this.#connections.add(connection);
  }

  #wakeAll(): void {
    for (const connection of this.#connections) connection.wake();
  }
}
