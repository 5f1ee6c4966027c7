import {
  CONNECTION_RESPONSE_SIZE,
  decodeConnectionResponse,
  encodeConnectionRequest,
  type ConnectionResponse,
} from '../codec/connection.ts';
import { MalformedError } from '../codec/malformed.ts';
import type { RequestMessage } from '../codec/message.ts';
import {
  ConnectionError,
  CsError,
  errnoToCsError,
  type CsErrorName,
  systemErrorToCsError,
} from '../errors/index.ts';
import { finishLater, mayAsk } from './abandoned-handshakes.ts';
import { Deadline } from './calls/deadline.ts';
import { orAborted } from './calls/on-abort.ts';
import { traceConnect, type TracedServer } from './diagnostics.ts';
import type { DatagramPlace } from './datagram/datagram-names.ts';
import { DatagramTransport } from './datagram/datagram-transport.ts';
import { EventRing } from './shared-memory/event-ring.ts';
import { IpcConnection, type ConnectionListener } from './ipc-connection.ts';
import { removeLeftovers, sweepWhenServerIsDead, type Handshake } from './leftovers.ts';
import { RequestRing } from './shared-memory/request-ring.ts';
import { ResponseRing } from './shared-memory/response-ring.ts';
import { RingFile, removeRingFiles } from './shared-memory/ring-file.ts';
import { RingTransport } from './shared-memory/ring-transport.ts';
import { SetupSocket, HandshakeUnansweredError } from './setup-socket.ts';
import { Moment } from './moment.ts';
import { takeNewRings } from './shared-memory/new-rings.ts';
import { checkMeansUs } from './server-pids.ts';
import { SERVER_ROOT, checkSharedMemoryPaths } from './shared-memory/shared-memory-path.ts';
import { checkSocketPath, serverName, socketPath } from './socket-address.ts';
import type { Transport } from './transport.ts';
import { batchTurn, inHandshakeTurn, type TurnPlace, type TurnTaker } from './turns/turn-gates.ts';
import { checkTrustedDirectory, isStill } from './trusted-file.ts';

/** A request that belongs to connecting: the connection is there when it is answered. */
export interface FirstRequest {
  readonly message: RequestMessage<unknown>;
  /** On datagram sockets corosync takes requests from anybody until it has answered one: so one goes out at once, needed or not. */
  readonly needed: 'always' | 'datagrams';
}

/** How to reach a service, all defaults filled in. */
export interface IpcOptions {
  /** Name of the socket. */
  readonly service: string;
  /** The service's own name, for who traces. Default: the socket's. */
  readonly serviceName?: string | undefined;
  readonly socketDirectory: string | undefined;
  readonly sharedMemoryDirectory: string | undefined;
  readonly bufferSize: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly tryAgainAttempts: number;
  readonly tryAgainDelayMs: number;
  /** The ids of requests that may be sent. Without it, all may. */
  readonly allowed?: ReadonlySet<number> | undefined;
  /** Where requests that list and requests that change keys take turns; without it they do not. */
  readonly turns?: TurnPlace | undefined;
}

/** qb_ipcc_connect, with a deadline. While corosync answers "try again" it is asked again, a bounded number of times. */
export function connectIpc(
  options: IpcOptions,
  listener: ConnectionListener,
  first?: FirstRequest,
): Promise<IpcConnection> {
  const server = (): TracedServer => ({
    service: options.serviceName ?? options.service,
    socket: serverName(options.service, options.socketDirectory),
  });
  return traceConnect(server, () => connect(options, listener, first, server));
}

async function connect(
  options: IpcOptions,
  listener: ConnectionListener,
  first: FirstRequest | undefined,
  server: () => TracedServer,
): Promise<IpcConnection> {
  const deadline = new Deadline({
    operation: 'connect',
    timeoutMs: options.timeoutMs,
    signal: options.signal,
  });
  try {
    const transport = await openAfterTries(options, deadline);
    const connection = new IpcConnection(transport, listener, server(), options.allowed);
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

async function openAfterTries(options: IpcOptions, deadline: Deadline): Promise<Transport> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await inHandshakeTurn(options, deadline.signal, () => openTransport(options, deadline.signal));
    } catch (error) {
      if (!isWorthAnotherTry(error) || attempt >= options.tryAgainAttempts) throw error;
      deadline.noteFailure(error);
      await pause(options.tryAgainDelayMs, deadline.signal);
    }
  }
}

async function openTransport(options: IpcOptions, signal: AbortSignal): Promise<Transport> {
  const setupPath = socketPath(options.service, options.socketDirectory);
  checkSocketPath(setupPath);
  await mayAsk(setupPath, signal);
  const setup = await SetupSocket.connect(setupPath, signal);
  const { service, sharedMemoryDirectory = SERVER_ROOT } = options;
  const { turns, socketDirectory } = options;
  const since = Moment.now(sharedMemoryDirectory);
  const handshake = { service, setupPath, socketDirectory, sharedMemoryDirectory, since, turns };
  const answer = setup.exchange(encodeConnectionRequest(options.bufferSize), CONNECTION_RESPONSE_SIZE);
  try {
    const response = decodeConnectionResponse(await orAborted(answer, signal));
    if (response.error !== 0) throw refused(response.error);
    return await openChannels(setup, response, handshake, signal);
  } catch (error) {
    if (signal.aborted) finishLater(handshake, setup, answer);
    else setup.destroy();
    if (error instanceof HandshakeUnansweredError) sweepWhenServerIsDead(handshake);
    throw error instanceof MalformedError ? notCorosync(error) : error;
  }
}

/** A corosync that ends hangs up, and takes the files away while they are checked: they are then refused for what they are not. */
async function openChannels(
  setup: SetupSocket,
  response: ConnectionResponse,
  handshake: Handshake & DatagramPlace & TurnTaker,
  signal: AbortSignal,
): Promise<Transport> {
  try {
    if (response.transport === 'shared-memory') return openRings(setup, response, handshake);
    return await DatagramTransport.open(setup, response, handshake, signal);
  } catch (error) {
    const isRefusal = error instanceof CsError && error.code === 'CS_ERR_SECURITY';
    throw isRefusal && (await setup.hasHungUp()) ? endedMeanwhile(error) : error;
  }
}

function openRings(
  setup: SetupSocket,
  response: ConnectionResponse,
  handshake: Handshake & TurnTaker,
): RingTransport {
  const { service, sharedMemoryDirectory, since } = handshake;
  const paths = checkSharedMemoryPaths(response, service, sharedMemoryDirectory);
  checkMeansUs(paths.directory, paths);
  const identity = checkTrustedDirectory(paths.directory, since);
  const { directory: path, serverPid, clientPid } = paths;
  const files = { path, serverPid, clientPid };
  const opened: RingFile[] = [];
  const open = (channel: 'request' | 'response' | 'event'): RingFile => {
    const ring = new RingFile(paths[channel], response[channel], response.maxMessageSize, since);
    opened.push(ring);
    return ring;
  };
  try {
    const [request, answers, event] = [open('request'), open('response'), open('event')];
    takeNewRings({ request, response: answers, event });
    return new RingTransport({
      setup,
      requests: new RequestRing(request),
      responses: new ResponseRing(answers),
      events: new EventRing(event),
      maxMessageSize: response.maxMessageSize,
      turn: batchTurn(handshake, files),
      removeLeftovers: (lost) => {
        const remove = (): void => {
          if (isStill(identity, path)) removeRingFiles(paths);
        };
        removeLeftovers({ ...files, remove }, lost);
      },
    });
  } catch (error) {
    for (const ring of opened) ring.close();
    throw error instanceof CsError ? error : refusedFiles(path, error);
  }
}

/** The system lets us open the files, and not read or write them: a limit of file sizes, a seccomp filter. */
function refusedFiles(path: string, cause: unknown): ConnectionError {
  const { code, errno } = systemErrorToCsError(cause);
  const detail = `cannot read and write the files in ${path}`;
  return new ConnectionError(code, { operation: 'connect', errno, detail, cause });
}

function endedMeanwhile(cause: CsError): ConnectionError {
  const detail = 'corosync closed the connection or died before its files were opened';
  return new ConnectionError('CS_ERR_LIBRARY', { operation: 'connect', detail, cause });
}

function notCorosync(cause: MalformedError): ConnectionError {
  const detail = `${cause.detail ?? cause.message}; whatever listens on this socket is not corosync`;
  return new ConnectionError(cause.code, { operation: 'connect', detail, cause });
}

/** By the time of the refusal, the process may run as another user than when it started. The real ids count: the kernel tells corosync those. */
function remedyOf(code: CsErrorName): string | undefined {
  switch (code) {
    case 'CS_ERR_ACCESS': {
      // corosync's parser wants each on a line of its own, and corosync does not start with a file that it cannot parse.
      const rule = ['uidgid {', `uid: ${process.getuid?.() ?? 'UID'}`, '}'].map((line) => `\`${line}\``);
      return (
        `corosync does not allow this user${effectiveDiffers() ? ' (it sees the real uid and gid, not the effective ones)' : ''}; run as root, or, where corosync runs, put a file into /etc/corosync/uidgid.d that ` +
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

function effectiveDiffers(): boolean {
  return process.getuid?.() !== process.geteuid?.() || process.getgid?.() !== process.getegid?.();
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

function isWorthAnotherTry(error: unknown): error is CsError {
  return (
    error instanceof HandshakeUnansweredError ||
    (error instanceof CsError && error.code === 'CS_ERR_TRY_AGAIN')
  );
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
