import {
  CONNECTION_RESPONSE_SIZE,
  decodeConnectionResponse,
  encodeConnectionRequest,
  type ConnectionResponse,
} from '../codec/connection.ts';
import type { RequestMessage } from '../codec/message.ts';
import { ConnectionError, CsError, errnoToCsError, type CsErrorName } from '../errors/index.ts';
import { Deadline } from './calls/deadline.ts';
import { DatagramTransport } from './datagram/datagram-transport.ts';
import { EventRing } from './shared-memory/event-ring.ts';
import { IpcConnection, type ConnectionListener } from './ipc-connection.ts';
import { removeLeftovers, sweepAbandoned, sweepWhenServerIsDead } from './leftovers.ts';
import { RequestRing } from './shared-memory/request-ring.ts';
import { ResponseRing } from './shared-memory/response-ring.ts';
import { RingFile, removeRingFiles } from './shared-memory/ring-file.ts';
import { RingTransport } from './shared-memory/ring-transport.ts';
import { SetupSocket, UnansweredError } from './setup-socket.ts';
import { checkSharedMemoryPaths } from './shared-memory/shared-memory-path.ts';
import { socketPath } from './socket-address.ts';
import type { Transport } from './transport.ts';
import { batchTurn, inHandshakeTurn, type TurnPlace } from './turns/turn-gates.ts';
import { checkTrustedDirectory } from './trusted-file.ts';

/** A request that belongs to connecting: the connection is there when it is answered. */
export interface FirstRequest {
  readonly message: RequestMessage<unknown>;
  /** On datagram sockets corosync takes requests from anybody until it has answered one: so one goes out at once, needed or not. */
  readonly needed: 'always' | 'datagrams';
}

/** How to reach a service, all defaults filled in. */
export interface IpcOptions {
  readonly service: string;
  readonly socketDirectory: string | undefined;
  readonly sharedMemoryDirectory: string | undefined;
  readonly bufferSize: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly tryAgainAttempts: number;
  readonly tryAgainDelayMs: number;
  /** Where requests that list and requests that change keys take turns; without it they do not. */
  readonly turns?: TurnPlace | undefined;
}

/** qb_ipcc_connect, with a deadline. While corosync answers "try again" it is asked again, a bounded number of times. */
export async function connectIpc(
  options: IpcOptions,
  listener: ConnectionListener,
  first?: FirstRequest,
): Promise<IpcConnection> {
  const deadline = new Deadline({
    operation: 'connect',
    timeoutMs: options.timeoutMs,
    signal: options.signal,
  });
  try {
    const connection = new IpcConnection(await openAfterTries(options, deadline.signal), listener);
    if (first !== undefined) await ask(connection, first, deadline.signal);
    return connection;
  } finally {
    deadline.dispose();
  }
}

async function ask(
  connection: IpcConnection,
  { message, needed }: FirstRequest,
  signal: AbortSignal,
): Promise<void> {
  if (needed === 'datagrams' && connection.transport !== 'socket') return;
  try {
    await connection.submit(message, { timeoutMs: Infinity, signal });
  } catch (error) {
    connection.destroy(error);
    throw error;
  }
}

async function openAfterTries(options: IpcOptions, signal: AbortSignal): Promise<Transport> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await inHandshakeTurn(options, signal, () => openTransport(options, signal));
    } catch (error) {
      if (!isWorthAnotherTry(error) || attempt >= options.tryAgainAttempts) throw error;
      await pause(options.tryAgainDelayMs, signal);
    }
  }
}

async function openTransport(options: IpcOptions, signal: AbortSignal): Promise<Transport> {
  const setupPath = socketPath(options.service, options.socketDirectory);
  const setup = await SetupSocket.connect(setupPath, signal);
  const startedAt = Date.now();
  try {
    const answer = await setup.exchange(
      encodeConnectionRequest(options.bufferSize),
      CONNECTION_RESPONSE_SIZE,
      signal,
    );
    const response = decodeConnectionResponse(answer);
    if (response.error !== 0) throw refused(response.error);
    if (response.transport === 'shared-memory') return openRings(setup, response, options);
    return await DatagramTransport.open(setup, response, { ...options, setupPath }, signal);
  } catch (error) {
    setup.destroy();
    if (error instanceof UnansweredError) sweepWhenServerIsDead({ ...options, startedAt });
    else if (signal.aborted) sweepAbandoned({ ...options, startedAt });
    throw error;
  }
}

function openRings(setup: SetupSocket, response: ConnectionResponse, options: IpcOptions): RingTransport {
  const paths = checkSharedMemoryPaths(response, options.service, options.sharedMemoryDirectory);
  checkTrustedDirectory(paths.directory);
  const { directory: path, serverPid, clientPid } = paths;
  const files = { path, serverPid, clientPid };
  const opened: RingFile[] = [];
  const open = (channel: 'request' | 'response' | 'event'): RingFile => {
    const ring = new RingFile(paths[channel], response[channel], response.maxMessageSize);
    opened.push(ring);
    return ring;
  };
  try {
    return new RingTransport({
      setup,
      requests: new RequestRing(open('request')),
      responses: new ResponseRing(open('response')),
      events: new EventRing(open('event')),
      maxMessageSize: response.maxMessageSize,
      turn: batchTurn(options, files),
      removeLeftovers: (lost) => removeLeftovers({ ...files, remove: () => removeRingFiles(paths) }, lost),
    });
  } catch (error) {
    for (const ring of opened) ring.close();
    throw error;
  }
}

/** By the time of the refusal, the process may run as another user than when it started. */
function remedyOf(code: CsErrorName): string | undefined {
  switch (code) {
    case 'CS_ERR_ACCESS': {
      // corosync's parser wants each on a line of its own, and corosync does not start with a file that it cannot parse.
      const rule = ['uidgid {', `uid: ${process.geteuid?.() ?? 'UID'}`, '}'].map((line) => `\`${line}\``);
      return (
        'corosync does not allow this user; run as root, or, where corosync runs, put a file into /etc/corosync/uidgid.d that ' +
        `consists of the three lines ${rule.join(', ')}, and run corosync-cfgtool -R`
      );
    }
    case 'CS_ERR_NO_SPACE':
      return 'shared memory is full where corosync runs; enlarge /dev/shm or ask for a smaller bufferSize';
    case 'CS_ERR_TRY_AGAIN':
      return 'corosync is not ready yet';
    default:
      return undefined;
  }
}

function refused(error: number): ConnectionError {
  const { code, errno } = errnoToCsError(error);
  const detail = errno === 'EMFILE' ? 'corosync has no file descriptors left' : remedyOf(code);
  return new ConnectionError(code, {
    operation: 'connect',
    errno,
    detail: detail ?? 'corosync refuses the connection',
  });
}

function isWorthAnotherTry(error: unknown): boolean {
  return error instanceof UnansweredError || (error instanceof CsError && error.code === 'CS_ERR_TRY_AGAIN');
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
