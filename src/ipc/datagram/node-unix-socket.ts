import { getSystemErrorMap } from 'node:util';
import { isMainThread } from 'node:worker_threads';
import { asError } from '../../errors/index.ts';
import type { DatagramNamespace } from './datagram-names.ts';
import type { DatagramBackend, DatagramListener, DatagramSocket } from './datagram-socket.ts';
import { importPackage } from './optional-package.ts';

type Module = typeof import('node-unix-socket');

/** Sockets of the package node-unix-socket: prebuilt, with abstract names. */
export async function loadNodeUnixSocket(
  namespace: DatagramNamespace,
  inWorker = !isMainThread,
): Promise<DatagramBackend> {
  // Bun would not throw, but abort the whole process at the first call.
  if ('bun' in process.versions) throw new Error('Bun lacks the part of libuv that node-unix-socket needs');
  // Its callbacks panic when their thread is gone, and with them the whole process.
  if (inWorker) throw new Error('node-unix-socket would abort the process when a worker thread ends');
  const { DgramSocket } = (await importPackage('node-unix-socket')) as Module;
  const address = (name: string): string => (namespace === 'abstract' ? `\0${name}` : name);
  return {
    bind: (name, listener) => {
      try {
        return new NodeUnixSocket(new DgramSocket(), address, name, listener);
      } catch (error) {
        throw withErrno(error);
      }
    },
  };
}

class NodeUnixSocket implements DatagramSocket {
  readonly sendBufferSize: number;
  readonly #socket: InstanceType<Module['DgramSocket']>;
  readonly #address: (name: string) => string;
  #listener: DatagramListener | undefined;
  #entering = false;

  constructor(
    socket: InstanceType<Module['DgramSocket']>,
    address: (name: string) => string,
    name: string,
    listener: DatagramListener,
  ) {
    this.#socket = socket;
    this.#address = address;
    this.#listener = listener;
    // Of an abstract sender the package gives no name: who sent it must be found out otherwise.
    socket.on('data', (bytes: Buffer) => this.#listener?.onDatagram(bytes));
    socket.on('error', (error: Error) => this.#listener?.onError(error));
    // Emitted from native code, after which Node 26 runs neither ticks nor promises before it next enters JavaScript by itself:
    // the package's own `data` is a tick, and would wait until then. An immediate makes Node enter in the same turn.
    for (const event of ['_data', '_error']) socket.on(event, () => this.#enterJavaScript());
    try {
      socket.bind(address(name));
      this.sendBufferSize = socket.getSendBufferSize();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /**
   * The package calls back in the same turn, unless the buffer is full. Then it would keep the datagram, never read from this
   * socket again and spin: so that is an error, and the socket must be closed.
   */
  send(bytes: Buffer, to: string): void {
    let outcome: Error | 'full' | 'sent' = 'full';
    this.#socket.sendTo(bytes, 0, bytes.length, this.#address(to), (error) => (outcome = error ?? 'sent'));
    const result = outcome as Error | 'full' | 'sent';
    if (result === 'full') throw new Error('the datagram socket takes no more');
    if (result !== 'sent') throw withErrno(result);
  }

  close(): void {
    if (this.#listener === undefined) return;
    this.#listener = undefined;
    this.#socket.close();
  }

  #enterJavaScript(): void {
    if (this.#entering) return;
    this.#entering = true;
    setImmediate(() => (this.#entering = false));
  }
}

/** The package tells of a system error in the words of the C library only; libuv has the same words for most. */
function withErrno(error: unknown): Error {
  const failure = asError(error);
  const words = failure.message.toLowerCase();
  const [, known] = [...getSystemErrorMap()].find(([, [, text]]) => text === words) ?? [];
  return known === undefined ? failure : Object.assign(failure, { code: known[0] });
}
