import fs from 'node:fs';
import { malformed } from '../../codec/malformed.ts';
import { ConnectionError, systemErrorToCsError } from '../../errors/index.ts';
import { DatagramControl } from './datagram-control.ts';
import { DatagramEvents } from './datagram-events.ts';
import { checkDatagramNames, type DatagramNames, type DatagramPlace } from './datagram-names.ts';
import { DatagramPipeline } from './datagram-pipeline.ts';
import { EventGate } from './event-gate.ts';
import { linger } from './lingering.ts';
import { NextPoll } from '../next-poll.ts';
import { loadDatagramBackend } from './datagram-packages.ts';
import { MAX_DATAGRAM, type DatagramBackend, type DatagramSocket } from './datagram-socket.ts';
import { removeLeftovers } from '../leftovers.ts';
import type { Moment } from '../moment.ts';
import { checkMeansUs } from '../server-pids.ts';
import { PipelinedTransport } from '../pipelined-transport.ts';
import { MAX_BATCH } from '../calls/batch-limits.ts';
import { wholeMessage } from './whole-datagram.ts';
import type { SetupSocket } from '../setup-socket.ts';
import { batchTurn, type TurnTaker } from '../turns/turn-gates.ts';
import type { Transport, TransportListener } from '../transport.ts';
import { checkTrustedDirectory } from '../trusted-file.ts';

/** Datagrams that wait at one socket: Linux's default, and its own name for the limit. */
const QUEUE_LENGTH = { file: '/proc/sys/net/unix/max_dgram_qlen', default: 10 };

/**
 * Datagram sockets, `system { qb_ipc_type: socket }`: one for requests and answers, one for events, a control file with counters. The
 * stream socket stays open as the sign of life.
 */
export class DatagramTransport extends PipelinedTransport implements Transport {
  readonly kind = 'socket';
  readonly maxMessageSize: number;
  readonly #names: DatagramNames;
  readonly #setup: SetupSocket;
  readonly #control: DatagramControl;
  readonly #sockets: DatagramSocket[] = [];
  readonly #gate: EventGate;
  protected override readonly pipeline: DatagramPipeline;
  readonly #events: DatagramEvents;
  #listener: TransportListener | undefined;
  #serverGone = false;

  private constructor(
    setup: SetupSocket,
    names: DatagramNames,
    backend: DatagramBackend,
    maxMessageSize: number,
    place: TurnTaker & { readonly since: Moment },
  ) {
    super();
    this.#setup = setup;
    this.#names = names;
    this.maxMessageSize = Math.min(maxMessageSize, MAX_DATAGRAM);
    this.#control = new DatagramControl(names.control, place.since);
    this.#gate = new EventGate(
      () => this.#control.eventsSent(),
      (event) => this.#deliverEvent(event),
      (cause) => this.#listener?.onFailure(cause),
    );
    try {
      const requests = this.#bind(backend, 'response', (bytes) => this.pipeline.receive(bytes));
      this.#bind(backend, 'event', (bytes) => this.#gate.receive(bytes));
      const { sendBufferSize } = requests;
      this.#events = new DatagramEvents(this.#control, { queueLength: queueLength(), sendBufferSize });
      this.pipeline = new DatagramPipeline(
        this.#control,
        { inFlight: inFlight(), sendBufferSize, maxMessageSize },
        (bytes) => sendOrLose(requests, bytes, `${names.base}-request`),
        (cause) => {
          if (cause instanceof SendFailedError) this.#listener?.onLost(cause);
          else this.#listener?.onFailure(cause);
        },
        batchTurn(place, { ...names, path: names.control }),
        this.pace,
      );
    } catch (error) {
      this.#closeSockets();
      throw error;
    }
  }

  /** Opens what the connection response names. corosync sends nothing before our first request. */
  static async open(
    setup: SetupSocket,
    response: {
      readonly request: string;
      readonly response: string;
      readonly event: string;
      readonly maxMessageSize: number;
    },
    place: DatagramPlace & TurnTaker & { readonly since: Moment },
    signal: AbortSignal,
  ): Promise<DatagramTransport> {
    const names = checkDatagramNames(response, place);
    checkMeansUs(names.control, names);
    if (names.directory !== undefined) checkTrustedDirectory(names.directory, place.since);
    const backend = await loadDatagramBackend(names.namespace);
    signal.throwIfAborted();
    return new DatagramTransport(setup, names, backend, response.maxMessageSize, place);
  }

  listen(listener: TransportListener): void {
    this.#listener = listener;
    this.watchBacklog(this.#events, listener);
    this.#setup.listen(
      (count) => {
        listener.onFailure(malformed(`${count} bytes on the stream socket, which announce nothing`));
        return 0;
      },
      (error) => {
        this.#serverGone = true;
        // What it had sent before is read in the first poll, and believed after the second.
        const poll = new NextPoll();
        poll.after(() => poll.after(() => this.#lost(error)));
      },
    );
  }

  /** The packages' sockets keep the process alive as long as they are there. What tells corosync that we live is the stream socket. */
  unref(): void {
    this.#setup.unref();
    this.pipeline.unref();
    this.#closeDatagramSockets();
  }

  stop(error: ConnectionError): void {
    this.#listener = undefined;
    this.#setup.destroy();
    this.endBacklog(error);
    this.#gate.stop();
    this.pipeline.stop(error, this.#serverGone);
    this.#control.close();
    linger({
      isOver: () => this.#serverGone || !fs.existsSync(this.#names.control),
      close: () => this.#closeSockets(),
    });
  }

  removeLeftovers(lost: boolean): void {
    const { control, directory, serverPid, clientPid } = this.#names;
    const files = [control, ...this.#socketFiles('request', 'event-tx')];
    const remove = (): void => {
      if (this.#control.isStillAt(control)) removeFiles(files, directory);
    };
    removeLeftovers({ path: control, serverPid, clientPid, remove }, lost);
  }

  #closeSockets(): void {
    this.#control.close();
    this.#closeDatagramSockets();
  }

  #closeDatagramSockets(): void {
    for (const socket of this.#sockets) socket.close();
    removeFiles(this.#socketFiles('response', 'event'), undefined);
  }

  #bind(
    backend: DatagramBackend,
    channel: 'response' | 'event',
    onDatagram: (bytes: Buffer) => void,
  ): DatagramSocket {
    const onError = (error: Error): void => this.#listener?.onFailure(error);
    const name = `${this.#names.base}-${channel}`;
    // What an earlier process of the same pid has left there.
    removeFiles(this.#socketFiles(channel), undefined);
    try {
      const socket = backend.bind(name, { onDatagram, onError });
      this.#sockets.push(socket);
      if (this.#names.namespace === 'file') fs.chmodSync(name, 0o600);
      return socket;
    } catch (cause) {
      const { code, errno } = systemErrorToCsError(cause);
      const taken = errno === 'EADDRINUSE';
      const detail = `cannot bind a datagram socket to ${name}${taken ? ', which another process has taken' : ''}`;
      throw new ConnectionError(taken ? 'CS_ERR_SECURITY' : code, {
        operation: 'connect',
        errno,
        detail,
        cause,
      });
    }
  }

  #socketFiles(...channels: string[]): string[] {
    const { namespace, base } = this.#names;
    return namespace === 'file' ? channels.map((channel) => `${base}-${channel}`) : [];
  }

  #lost(error: ConnectionError): void {
    this.#gate.finish();
    this.#listener?.onLost(error);
  }

  /** Taken is what has been handed on: whoever waits for it relies on that. What the gate holds counts as if it were in the socket. */
  #deliverEvent(event: Buffer): void {
    const listener = this.#listener;
    if (listener === undefined) return;
    try {
      const { held, left } = this.#events.take(event.length);
      listener.onEvent(wholeMessage(event));
      listener.onDrained();
      this.eventsTaken(held, left);
    } catch (error) {
      listener.onDrained();
      listener.onFailure(error);
    }
  }
}

/** The kernel did not take a request: corosync's socket is gone or, where all bounds are kept, somebody else has filled it. */
class SendFailedError extends ConnectionError {
  constructor(cause: unknown) {
    super('CS_ERR_LIBRARY', {
      operation: 'connection',
      detail: 'corosync takes no more requests on this connection',
      cause,
    });
  }
}

function sendOrLose(socket: DatagramSocket, bytes: Buffer, to: string): void {
  try {
    socket.send(bytes, to);
  } catch (cause) {
    throw new SendFailedError(cause);
  }
}

/** One less than the queue's length, where Linux takes one more: room for what is no answer of ours. */
function inFlight(): number {
  return Math.min(Math.max(queueLength() - 1, 1), MAX_BATCH);
}

function queueLength(): number {
  try {
    const length = Number(fs.readFileSync(QUEUE_LENGTH.file, 'utf8'));
    return Number.isInteger(length) ? length : QUEUE_LENGTH.default;
  } catch {
    return QUEUE_LENGTH.default;
  }
}

/** Files that are gone already are what we want. */
function removeFiles(files: readonly string[], directory: string | undefined): void {
  try {
    for (const file of files) fs.rmSync(file, { force: true });
    if (directory !== undefined) fs.rmdirSync(directory);
  } catch {
    // Gone already, or no longer ours to remove: nobody would be helped by an error here.
  }
}
