/** The most that either backend hands over of one datagram, in bytes; the rest is cut off. */
export const MAX_DATAGRAM = 65_535;

/** What a socket hears. */
export interface DatagramListener {
  /** One datagram. It may be kept, and anybody may have sent it. */
  onDatagram(bytes: Buffer): void;
  onError(error: Error): void;
}

/** A bound unix datagram socket: all that the transport needs of the package that provides it. */
export interface DatagramSocket {
  /** SO_SNDBUF, in bytes: what this socket may have unread at others. libqb's server has at least the same. */
  readonly sendBufferSize: number;
  /** Hands one datagram to the kernel. Throws what the kernel says, a full buffer included. */
  send(bytes: Buffer, to: string): void;
  /** Idempotent. Nothing is called back afterwards. */
  close(): void;
}

/** A package that provides such sockets. */
export interface DatagramBackend {
  /** Binds a socket to a name. */
  bind(name: string, listener: DatagramListener): DatagramSocket;
}
