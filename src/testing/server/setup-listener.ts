import fs from 'node:fs';
import net from 'node:net';

/** Listens where libqb's server would, and knows every socket that is open. */
export class SetupListener {
  readonly #path: string;
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();

  private constructor(path: string, onSocket: (socket: net.Socket) => void) {
    this.#path = path;
    this.#server = net.createServer({ allowHalfOpen: true }, (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('end', () => socket.destroy());
      socket.on('error', () => undefined);
      onSocket(socket);
    });
  }

  /** @param path of a file, or an abstract name of 108 bytes that begins with a NUL */
  static async listen(path: string, onSocket: (socket: net.Socket) => void): Promise<SetupListener> {
    const listener = new SetupListener(path, onSocket);
    if (!isAbstract(path)) fs.rmSync(path, { force: true });
    await new Promise<void>((resolve, reject) => {
      listener.#server.once('error', reject);
      listener.#server.listen({ path }, resolve);
    });
    return listener;
  }

  /** Connections that the client has not closed. */
  get open(): number {
    return this.#sockets.size;
  }

  /** Closes everything, and takes the name back. */
  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Closes everything as a kill does: a socket file stays, with nobody behind it. */
  async die(): Promise<void> {
    if (isAbstract(this.#path)) return this.close();
    // Node removes the file of the name that it has bound, so that has to be elsewhere meanwhile.
    const aside = `${this.#path}.aside`;
    fs.renameSync(this.#path, aside);
    const closed = new Promise((resolve) => this.#server.close(resolve));
    fs.renameSync(aside, this.#path);
    for (const socket of this.#sockets) destroyAfterFlush(socket);
    await closed;
  }
}

/** What the kernel has been given is read by the other side even after the death of this one. */
export function destroyAfterFlush(socket: net.Socket): void {
  if (socket.writableLength > 0) socket.destroySoon();
  else socket.destroy();
}

function isAbstract(path: string): boolean {
  return path.startsWith('\0');
}

/** Collects the first `size` bytes of a connection; what follows is left to the next reader. */
export function readFirst(socket: net.Socket, size: number, onComplete: (bytes: Buffer) => void): void {
  let received = Buffer.alloc(0);
  const onData = (bytes: Buffer): void => {
    received = Buffer.concat([received, bytes]);
    if (received.length < size) return;
    socket.off('data', onData);
    onComplete(received.subarray(0, size));
    if (received.length > size) socket.emit('data', received.subarray(size));
  };
  socket.on('data', onData);
}
