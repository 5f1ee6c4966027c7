import fs from 'node:fs';
import type net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readFirst, SetupListener } from '../../../src/testing/server/setup-listener.ts';

const CONNECTION_REQUEST_SIZE = 24;

export type Script = (socket: net.Socket, attempt: number) => void;

/** A scripted handshake on a filesystem socket, `cmap` or another service's, in a directory of its own, for what a real corosync would never do. */
export class FakeSetupServer implements AsyncDisposable {
  readonly directory = fs.mkdtempSync(join(tmpdir(), 'fake-setup-'));
  /** The first 24 bytes of each connection. */
  readonly requests: Buffer[] = [];
  readonly #sockets: net.Socket[] = [];
  #listener: SetupListener | undefined;

  /** @param script runs for each connection when its connection request is complete */
  static async start(script: Script, service = 'cmap'): Promise<FakeSetupServer> {
    const server = new FakeSetupServer();
    server.#listener = await SetupListener.listen(join(server.directory, service), (socket) =>
      readFirst(socket, CONNECTION_REQUEST_SIZE, (request) => {
        server.requests.push(request);
        server.#sockets.push(socket);
        script(socket, server.requests.length);
      }),
    );
    return server;
  }

  /** Connections that the client has not closed. */
  get open(): number {
    return this.#listener?.open ?? 0;
  }

  /** Sends something to those clients that have asked and not closed. */
  sendAll(bytes: Uint8Array): void {
    for (const socket of this.#sockets) if (!socket.destroyed) socket.write(bytes);
  }

  hangUp(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#listener?.close();
    fs.rmSync(this.directory, { recursive: true, force: true });
  }
}
