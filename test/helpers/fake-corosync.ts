import fs from 'node:fs';
import type net from 'node:net';
import { join } from 'node:path';
import { RingFile } from '../../src/ipc/ring-file.ts';
import { createRingFiles } from './fake-ring-files.ts';
import { FakeSetupServer } from './fake-setup-server.ts';
import { MemoryServer } from './memory-server.ts';
import { connectionResponse } from './message-builder.ts';

const BUFFER_SIZE = 65_536;

export interface FakeCorosyncOptions {
  readonly answer: (request: Buffer) => Uint8Array;
  /** In the names of the ring files: whose death the client looks for. */
  readonly pid?: number;
  /** There, too: the client as the server sees it. Default: the client that it is. */
  readonly clientPid?: number;
  /** Handle requests as their bytes come. Default true. */
  readonly serve?: boolean;
}

interface Connection {
  readonly server: MemoryServer;
  readonly socket: net.Socket;
  readonly ringDirectory: string;
}

/** libqb's server: a socket, ring files in a directory for each client, and the rules of its rings. */
export class FakeCorosync implements AsyncDisposable {
  readonly setup: FakeSetupServer;
  readonly #connections: Connection[];

  private constructor(setup: FakeSetupServer, connections: Connection[]) {
    this.setup = setup;
    this.#connections = connections;
  }

  static async start(options: FakeCorosyncOptions): Promise<FakeCorosync> {
    const connections: Connection[] = [];
    const setup: FakeSetupServer = await FakeSetupServer.start((socket, attempt) => {
      const name = `qb-${options.pid ?? process.pid}-${options.clientPid ?? process.pid}-${attempt}-abcdef`;
      const ringDirectory = join(setup.directory, name);
      const server = openRings(ringDirectory, `/dev/shm/${name}`, options.answer);
      connections.push({ server, socket, ringDirectory });
      socket.on('data', (bytes) => {
        server.receiveBytes(bytes.length);
        if (options.serve !== false) server.runDry();
      });
      socket.write(
        connectionResponse({
          error: 0,
          connectionType: 1,
          maxMessageSize: BUFFER_SIZE,
          connection: '1',
          request: `/dev/shm/${name}/qb-request-cmap`,
          response: `/dev/shm/${name}/qb-response-cmap`,
          event: `/dev/shm/${name}/qb-event-cmap`,
        }).toBytes(),
      );
    });
    return new FakeCorosync(setup, connections);
  }

  /** What a client needs to find it. */
  get options(): { socketDirectory: string; sharedMemoryDirectory: string; bufferSize: number } {
    const { directory } = this.setup;
    return { socketDirectory: directory, sharedMemoryDirectory: directory, bufferSize: BUFFER_SIZE };
  }

  /** The directory of the latest client's ring files. */
  get ringDirectory(): string {
    return this.#connection.ringDirectory;
  }

  /** As the latest client has it. */
  get server(): MemoryServer {
    return this.#connection.server;
  }

  /** Dies: the socket closes, the files stay. */
  die(): void {
    this.#connection.socket.destroy();
  }

  /** Ends its direction of the socket. */
  hangUp(): void {
    this.#connection.socket.end();
  }

  /** Writes events to the ring and announces them together. */
  notify(...events: Uint8Array[]): void {
    for (const event of events) if (!this.server.notify(event)) throw new Error('the event ring is full');
    this.#connection.socket.write(Buffer.alloc(events.length));
  }

  /** Bytes that announce nothing. */
  sendBytes(count: number): void {
    this.#connection.socket.write(Buffer.alloc(count));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { server } of this.#connections) {
      for (const ring of [server.request, server.response, server.event]) ring.storage.close();
    }
    await this.setup[Symbol.asyncDispose]();
  }

  get #connection(): Connection {
    const connection = this.#connections.at(-1);
    if (connection === undefined) throw new Error('no client has connected');
    return connection;
  }
}

function openRings(
  directory: string,
  recorded: string,
  answer: (request: Buffer) => Uint8Array,
): MemoryServer {
  fs.mkdirSync(directory, { mode: 0o770, recursive: true });
  const open = (channel: string): RingFile => {
    const path = join(directory, `qb-${channel}-cmap`);
    const recordedPath = `${recorded}/qb-${channel}-cmap`;
    createRingFiles({ path, recordedPath, wordSize: 20_480 });
    return new RingFile(path, recordedPath, BUFFER_SIZE);
  };
  return new MemoryServer(
    { request: open('request'), response: open('response'), event: open('event') },
    answer,
  );
}
