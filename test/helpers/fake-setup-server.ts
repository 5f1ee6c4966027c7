import fs from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type Script = (socket: net.Socket, attempt: number) => void;

/** A scripted server on a filesystem socket `cmap` in a directory of its own, for what a real corosync would never do. */
export class FakeSetupServer implements AsyncDisposable {
  readonly directory: string;
  /** The first 24 bytes of each connection. */
  readonly requests: Buffer[] = [];
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();

  private constructor(script: Script) {
    this.directory = fs.mkdtempSync(join(tmpdir(), 'fake-setup-'));
    this.#server = net.createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket, script));
  }

  /** @param script runs for each connection when its connection request is complete */
  static async start(script: Script): Promise<FakeSetupServer> {
    const server = new FakeSetupServer(script);
    await new Promise<void>((resolve) => server.#server.listen(join(server.directory, 'cmap'), resolve));
    return server;
  }

  /** Connections that the client has not closed. */
  get open(): number {
    return this.#sockets.size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
    fs.rmSync(this.directory, { recursive: true, force: true });
  }

  #accept(socket: net.Socket, script: Script): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('end', () => socket.destroy());
    socket.on('error', () => undefined);
    let received = Buffer.alloc(0);
    const onData = (bytes: Buffer): void => {
      received = Buffer.concat([received, bytes]);
      if (received.length < 24) return;
      socket.off('data', onData);
      this.requests.push(received.subarray(0, 24));
      script(socket, this.requests.length);
    };
    socket.on('data', onData);
  }
}
