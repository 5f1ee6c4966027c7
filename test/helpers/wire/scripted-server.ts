import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IpcServer } from '../../../src/testing/server/ipc-server.ts';
import { RingTransport } from '../../../src/testing/server/server-ring-transport.ts';
import type { Reply } from '../../../src/testing/server/service.ts';
import type { ServerConnection } from '../../../src/testing/server/server-connection.ts';

const BUFFER_SIZE = 65_536;

export interface ScriptedServerOptions {
  readonly answer: (request: Buffer) => Reply;
  /** In the names of the ring files: whose death the client looks for. */
  readonly pid?: number;
  /** Handle requests as their bytes come. Default true. */
  readonly serve?: boolean;
}

/** The fake corosync's libqb server, with a service that answers as the test says. */
export class ScriptedServer implements AsyncDisposable {
  readonly #directory: string;
  readonly #server: IpcServer;
  /** The latest connection with the requests that it has handled. */
  #latest: { readonly connection: ServerConnection; readonly requests: Buffer[] } | undefined;

  private constructor(directory: string, server: IpcServer) {
    this.#directory = directory;
    this.#server = server;
  }

  static async start(options: ScriptedServerOptions): Promise<ScriptedServer> {
    const directory = mkdtempSync(join(tmpdir(), 'scripted-server-'));
    const server = await IpcServer.start({
      socketDirectory: directory,
      sharedMemoryDirectory: directory,
      pid: options.pid ?? process.pid,
      services: () => [
        {
          name: 'cmap',
          subjectOf: () => ({}),
          eventSubject: () => ({}),
          open: (connection) => {
            const requests: Buffer[] = [];
            scripted.#latest = { connection, requests };
            connection.serving = options.serve !== false;
            return {
              handle: (request) => {
                requests.push(request);
                return options.answer(request);
              },
              close: () => undefined,
            };
          },
        },
      ],
    });
    const scripted = new ScriptedServer(directory, server);
    return scripted;
  }

  /** What a client needs to find it. */
  get options(): { socketDirectory: string; sharedMemoryDirectory: string; bufferSize: number } {
    const directory = this.#directory;
    return { socketDirectory: directory, sharedMemoryDirectory: directory, bufferSize: BUFFER_SIZE };
  }

  /** As the latest client has it. */
  get connection(): ServerConnection {
    if (this.#latest === undefined) throw new Error('no client has connected');
    return this.#latest.connection;
  }

  get connected(): boolean {
    return this.#latest !== undefined;
  }

  /** Of the latest client, in the order in which they were handled. */
  get requests(): Buffer[] {
    return this.#latest?.requests ?? [];
  }

  /** Sockets that clients have not closed. */
  get openSockets(): number {
    return this.#server.openSockets;
  }

  get dropped(): number {
    return this.#server.counters.droppedResponses;
  }

  /** Its rings. */
  get channels(): RingTransport {
    const { transport } = this.connection;
    if (transport instanceof RingTransport) return transport;
    throw new Error('the client has no rings');
  }

  /** The directory of the latest client's ring files. */
  get ringDirectory(): string {
    return this.connection.transport.directory;
  }

  /** Dies for the latest client: its socket closes, its files stay. */
  die(): void {
    this.connection.die();
  }

  /** Writes events to the ring and announces them. */
  notify(...events: Uint8Array[]): void {
    for (const event of events) this.connection.send(Buffer.from(event));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop();
    rmSync(this.#directory, { recursive: true, force: true });
    const [violation] = this.#server.violations;
    if (violation !== undefined) throw violation;
  }
}
