import { getSystemErrorMap } from 'node:util';
import type { Socket } from 'unix-dgram';
import { asError } from '../../errors/index.ts';
import type { DatagramBackend, DatagramListener, DatagramSocket } from './datagram-socket.ts';
import { importPackage } from './optional-package.ts';

/** SO_SNDBUF cannot be asked for with this package; systems start it well above this. */
const LEAST_SEND_BUFFER = 64 * 1024;

/** Sockets of the package unix-dgram, whose names are files. */
export async function loadUnixDgram(): Promise<DatagramBackend> {
  const { default: unixDgram } = (await importPackage('unix-dgram')) as typeof import('unix-dgram');
  return {
    bind: (name, listener) => {
      try {
        return new UnixDgramSocket(unixDgram.createSocket('unix_dgram'), name, listener);
      } catch (error) {
        throw withErrno(error);
      }
    },
  };
}

class UnixDgramSocket implements DatagramSocket {
  readonly sendBufferSize = LEAST_SEND_BUFFER;
  readonly #socket: Socket;
  #listener: DatagramListener | undefined;

  constructor(socket: Socket, name: string, listener: DatagramListener) {
    this.#socket = socket;
    this.#listener = listener;
    socket.on('message', (bytes: Buffer) => this.#listener?.onDatagram(bytes));
    try {
      // Tells of a failure by an event, before it returns.
      socket.on('error', (error: Error) => {
        throw error;
      });
      socket.bind(name);
    } catch (error) {
      this.close();
      throw error;
    }
    socket.removeAllListeners('error');
    socket.on('error', (error: Error) => this.#listener?.onError(error));
  }

  send(bytes: Buffer, to: string): void {
    // Not connected: on a connected socket the package throws from its own callback when the other end goes.
    this.#socket.send(bytes, 0, bytes.length, to, (error) => {
      if (error !== undefined) throw withErrno(error);
    });
  }

  close(): void {
    if (this.#listener === undefined) return;
    this.#listener = undefined;
    this.#socket.close();
  }
}

/** The package has numbers where Node has names. */
function withErrno(error: unknown): Error {
  const failure = asError(error);
  const known = 'code' in failure ? getSystemErrorMap().get(Number(failure.code)) : undefined;
  return known === undefined ? failure : Object.assign(failure, { code: known[0] });
}
