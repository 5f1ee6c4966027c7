import { importPackage } from '../../ipc/datagram/optional-package.ts';

/** What a socket hears. */
export interface DatagramListener {
  /** One datagram, to be kept if need be. */
  onDatagram(bytes: Buffer): void;
  onError(error: Error): void;
}

/** A bound unix datagram socket. */
export interface DatagramSocket {
  /** Hands a datagram to the kernel. False: the other side's queue is full, and it goes out when there is room. */
  send(bytes: Buffer, to: string): boolean;
  /** Idempotent. Nothing is called back afterwards. */
  close(): void;
}

/** What provides such sockets, with names in the abstract namespace. */
export interface DatagramBackend {
  bind(name: string, listener: DatagramListener): DatagramSocket;
}

/** Not for the declarations: whoever does without the package does without its types. */
type Package = typeof import('node-unix-socket');

/**
 * The optional package node-unix-socket: Node.js itself has no unix datagram sockets.
 * @throws Error it is not installed or does not run here, with the remedy
 */
export async function loadDatagramBackend(
  load: () => Promise<unknown> = () => importPackage('node-unix-socket'),
): Promise<DatagramBackend> {
  const { DgramSocket } = (await load().catch((cause: unknown) => {
    throw missing(cause);
  })) as Package;
  return {
    bind: (name, listener) => {
      const socket = new DgramSocket();
      let heard: DatagramListener | undefined = listener;
      socket.on('data', (bytes: Buffer) => heard?.onDatagram(bytes));
      socket.on('error', (error: Error) => heard?.onError(error));
      // Native code emits these; what they defer may wait until Node enters JavaScript by itself, which an immediate makes it do.
      for (const event of ['_data', '_error']) socket.on(event, () => void setImmediate(() => undefined));
      socket.bind(abstract(name));
      return {
        send: (bytes, to) => {
          let sent: boolean | Error = false;
          // The package calls back in the same turn, unless the queue is full.
          socket.sendTo(bytes, 0, bytes.length, abstract(to), (error) => (sent = error ?? true));
          const outcome = sent as boolean | Error;
          if (outcome instanceof Error) heard?.onError(outcome);
          return outcome === true;
        },
        close: () => {
          heard = undefined;
          socket.close();
        },
      };
    },
  };
}

function missing(cause: unknown): Error {
  const installed = !(cause instanceof Error && 'code' in cause && cause.code === 'ERR_MODULE_NOT_FOUND');
  const what = installed ? 'does not run here' : 'is not installed: npm install node-unix-socket';
  return new Error(
    `ipcType 'socket' takes the optional package node-unix-socket, which ${what}; ` +
      "ipcType 'shm', the default, needs no package",
    { cause },
  );
}

function abstract(name: string): string {
  return `\0${name}`;
}
