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
  #listener: SetupListener | undefined;
  #dying: Promise<void> | undefined;
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

  async listen(): Promise<void> {
    await this.#dying;
    this.#paused = false;
    this.#flowControl = 0;
    this.#listener = await SetupListener.listen(this.#options.socketPath, (socket) => this.#accept(socket));
  }

  get running(): boolean {
    return this.#listener !== undefined;
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
    return this.#listener?.open ?? 0;
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

  /** As SIGKILL does: sockets close, ring files stay. */
  die(): void {
    if (this.#listener === undefined) return;
    for (const connection of this.#connections) {
      if (connection.established) this.#remains.add(connection.transport.directory);
      connection.die();
    }
    this.#connections.clear();
    this.#dying = this.#listener.die();
    this.#listener = undefined;
  }

  /** As SIGTERM does: everything is given back. What deaths have left behind goes, too. */
  async stop(): Promise<void> {
    const listener = this.#listener;
    this.#listener = undefined;
    for (const connection of [...this.#connections]) connection.close();
    await listener?.close();
    await this.#dying;
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
