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

/** The optional package node-unix-socket: Node.js itself has no unix datagram sockets. @throws Error: it is not installed. */
export async function loadDatagramBackend(): Promise<DatagramBackend> {
  const { DgramSocket } = await import('node-unix-socket');
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

function abstract(name: string): string {
  return `\0${name}`;
}
