import net from 'node:net';
import { ConnectionError, isNobodyThere, systemErrorToCsError } from '../errors/index.ts';
import { Deferred } from './calls/deferred.ts';
import { NextPoll } from './next-poll.ts';
import { describeSocketPath } from './socket-address.ts';

const READ_BUFFER_SIZE = 16 * 1024;

/** The server closed before it had answered: it has not seen our credentials, and libqb says to try again. */
export class HandshakeUnansweredError extends ConnectionError {
  constructor() {
    super('CS_ERR_LIBRARY', {
      operation: 'connect',
      detail: 'the server closed the connection without an answer',
    });
  }
}

/**
 * The stream socket of a connection. libqb uses it three times: for the handshake, for one byte per request and
 * event, and as the sign of life of either side.
 */
export class SetupSocket {
  readonly #socket: net.Socket;
  #onData: (bytes: Buffer) => number = () => 0;
  #onClose: (error: ConnectionError) => void = () => undefined;
  #error: Error | undefined;
  #rest: NodeJS.Timeout | undefined;
  #requestBytes = Buffer.alloc(64);

  private constructor(path: string) {
    this.#socket = net.connect({
      path,
      // A half close makes corosync log a warning; when the other side ends, we destroy.
      allowHalfOpen: true,
      onread: {
        buffer: Buffer.alloc(READ_BUFFER_SIZE),
        callback: (length, buffer) => this.#received((buffer as Buffer).subarray(0, length)),
      },
    });
    this.#socket.on('error', (error) => (this.#error = error));
    this.#socket.on('end', () => this.#socket.destroy());
    this.#socket.on('close', () => this.#onClose(closedByServer(this.#error)));
  }

  /** Connects, or rejects with the `cs_error_t` that libcmap would report. Aborting `signal` closes the attempt. */
  static async connect(path: string, signal: AbortSignal): Promise<SetupSocket> {
    signal.throwIfAborted();
    const setup = new SetupSocket(path);
    const { promise, resolve, reject } = new Deferred<void>();
    const onAbort = (): void => {
      setup.destroy();
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    setup.#socket.once('connect', () => resolve());
    setup.#onClose = () => reject(connectFailed(path, setup.#error));
    try {
      await promise;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
    if (signal.aborted) setup.destroy();
    signal.throwIfAborted();
    return setup;
  }

  /** Sends `request` and collects an answer of exactly `responseSize` bytes. @throws HandshakeUnansweredError the server has closed before. */
  exchange(request: Buffer, responseSize: number): Promise<Buffer> {
    const { promise, resolve, reject } = new Deferred<Buffer>();
    const response = Buffer.alloc(responseSize);
    let received = 0;
    this.#onClose = () => reject(new HandshakeUnansweredError());
    this.#onData = (bytes) => {
      if (received + bytes.length > responseSize) reject(tooMuch());
      else received += bytes.copy(response, received);
      if (received === responseSize) resolve(response);
      return 0;
    };
    this.#socket.write(request);
    return promise;
  }

  /** Whether the server has hung up, after one more look at the socket. */
  async hasHungUp(): Promise<boolean> {
    await new Promise<void>((resolve) => new NextPoll().after(resolve));
    return this.#socket.destroyed;
  }

  /** From now on it does not keep the process alive. */
  unref(): void {
    this.#socket.unref();
  }

  /**
   * From now on each byte that arrives announces one event.
   * @param onEventBytes returns for how many milliseconds nothing need be read
   */
  listen(onEventBytes: (count: number) => number, onClose: (error: ConnectionError) => void): void {
    this.#onData = (bytes) => onEventBytes(bytes.length);
    this.#onClose = onClose;
    if (this.#socket.destroyed) onClose(closedByServer(this.#error));
  }

  /**
   * Writes one byte for each request just posted, all at once.
   * Returns whether the kernel has them: if not, Node hands them over when the event loop turns, and waiting
   * for an answer in this turn would wait for ever.
   */
  sendRequestBytes(count: number): boolean {
    if (count > this.#requestBytes.length) this.#requestBytes = Buffer.alloc(count * 2);
    this.#socket.write(this.#requestBytes.subarray(0, count));
    return this.#socket.writableLength === 0;
  }

  /** Closes outright, as libqb's client does. Nothing is called back afterwards. */
  destroy(): void {
    this.#onData = () => 0;
    this.#onClose = () => undefined;
    clearTimeout(this.#rest);
    this.#socket.destroy();
  }

  /** Returns whether to go on reading. */
  #received(bytes: Buffer): boolean {
    const restMs = this.#onData(bytes);
    if (restMs === 0 || this.#socket.destroyed) return true;
    this.#rest = setTimeout(() => this.#socket.resume(), restMs);
    return false;
  }
}

function closedByServer(cause: Error | undefined): ConnectionError {
  return new ConnectionError('CS_ERR_LIBRARY', {
    operation: 'connection',
    detail: 'corosync closed the connection or died',
    errno: cause === undefined ? undefined : systemErrorToCsError(cause).errno,
    cause,
  });
}

function tooMuch(): ConnectionError {
  return new ConnectionError('CS_ERR_SECURITY', {
    operation: 'connect',
    detail:
      'the server sent more than a connection response; whatever listens on this socket is not corosync',
  });
}

function connectFailed(path: string, cause: Error | undefined): ConnectionError {
  const { code, errno } = systemErrorToCsError(cause);
  const address = describeSocketPath(path);
  const hint = isNobodyThere(errno)
    ? `; corosync is not running, or runs in another network namespace or container`
    : '';
  return new ConnectionError(code, {
    operation: 'connect',
    errno,
    detail: `cannot connect to ${address}${hint}`,
    cause: cause && withoutPadding(cause, path, address),
  });
}

/** An abstract name is padded with a hundred NULs, which would fill the screen of whom the error is shown to. */
function withoutPadding(cause: Error, path: string, address: string): Error {
  cause.message = cause.message.replace(path, address);
  if ('address' in cause) cause.address = address;
  return cause;
}
