import fs from 'node:fs';
import type net from 'node:net';
import { join } from 'node:path';
import type { DatagramBackend } from './server-datagram-socket.ts';
import { Faults } from '../faults/faults.ts';
import type { Counters } from './connection-host.ts';
import type { HoldOff } from './request-server.ts';
import { ServerConnection, type ServerConnectionHost } from './server-connection.ts';
import type { FakeService } from '../faults/request-names.ts';
import type { ServedService } from './service.ts';
import { SetupListener } from './setup-listener.ts';

export interface IpcServerOptions {
  /** Where each service has its socket, a file of its name. Undefined: in the abstract namespace, as corosync has them. */
  readonly socketDirectory: string | undefined;
  readonly sharedMemoryDirectory: string;
  /** Those that there are from now on: asked at each start. */
  readonly services: () => readonly ServedService<ServerConnection>[];
  /** In the names of the ring files. */
  readonly pid: number;
  /** For datagrams instead of shared memory. */
  readonly datagrams?: DatagramBackend | undefined;
  /** Default: none. */
  readonly faults?: Faults;
}

/** The order in which corosync ends its services: by their priorities, and then by their numbers. */
const AS_THEY_END: readonly FakeService[] = ['votequorum', 'cmap', 'cfg', 'cpg', 'quorum'];

type ServerState =
  | { readonly name: 'up'; readonly listeners: readonly SetupListener[] }
  /** `died` resolves when the last listeners have let go of their sockets. */
  | { readonly name: 'down'; readonly died: Promise<void> };

/** libqb's server: a socket for each service, ring files in a directory for each client, and the rules of its rings. */
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
    this.#state = { name: 'up', listeners: await this.#listenForAll() };
  }

  get running(): boolean {
    return this.#state.name === 'up';
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
    return this.#state.name === 'up' ? sum(this.#state.listeners.map(({ open }) => open)) : 0;
  }

  /** Connections whose files are there, oldest first. */
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

  /** The requests of all who are connected now to some services are not read. */
  holdOff(why: HoldOff, held: boolean, services: (name: FakeService) => boolean = () => true): void {
    for (const connection of this.#connections) {
      if (!held || services(connection.serviceName)) connection.holdOff(why, held);
    }
  }

  /** As SIGKILL does: sockets close, ring files stay. Resolves when the kernel has closed them. */
  die(): Promise<void> {
    if (this.#state.name === 'down') return this.#state.died;
    const died = all(this.#state.listeners.map((listener) => listener.die()));
    this.#state = { name: 'down', died };
    died.catch(() => undefined); // told to whoever starts or stops next
    for (const connection of this.#connections) {
      if (connection.established) this.#remains.add(connection.transport.directory);
      connection.die();
    }
    this.#connections.clear();
    return died;
  }

  /** As SIGTERM does: everything is given back, one service after the other. What deaths have left behind goes, too. */
  async stop(): Promise<void> {
    const state = this.#state;
    const newestFirst = [...this.#connections].reverse();
    for (const name of AS_THEY_END)
      for (const connection of newestFirst) if (connection.serviceName === name) connection.close();
    const died = state.name === 'up' ? all(state.listeners.map((listener) => listener.close())) : state.died;
    this.#state = { name: 'down', died };
    await died;
    for (const directory of this.#remains) fs.rmSync(directory, { recursive: true, force: true });
    this.#remains.clear();
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

  /** All of them, or none. */
  async #listenForAll(): Promise<SetupListener[]> {
    const listeners: SetupListener[] = [];
    try {
      for (const service of this.#options.services()) {
        const path = socketPath(this.#options.socketDirectory, service.name);
        listeners.push(await SetupListener.listen(path, (socket) => this.#accept(service, socket)));
      }
      return listeners;
    } catch (error) {
      await all(listeners.map((listener) => listener.close()));
      throw error;
    }
  }

  #accept(service: ServedService<ServerConnection>, socket: net.Socket): void {
    this.#accepted += 1;
    const connection = new ServerConnection(this, service, socket, this.#accepted);
    if (!connection.closed) this.#connections.add(connection);
  }

  #wakeAll(): void {
    for (const connection of this.#connections) connection.wake();
  }
}

/** libqb binds abstract names with all the bytes that an address has. */
function socketPath(directory: string | undefined, name: string): string {
  return directory === undefined ? `\0${name}`.padEnd(108, '\0') : join(directory, name);
}

async function all(promises: readonly Promise<void>[]): Promise<void> {
  await Promise.all(promises);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
