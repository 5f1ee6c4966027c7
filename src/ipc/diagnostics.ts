import { channel, tracingChannel, type Channel, type TracingChannel } from 'node:diagnostics_channel';
import type { MessageReader } from '../codec/message-reader.ts';
import { CsError, type ConnectionError, type CsErrorName, type Sent } from '../errors/index.ts';
import type { PendingCall } from './calls/pending-call.ts';
import type { TransportKind } from './transport.ts';

/** Which server a message is about. */
export interface TracedServer {
  /** The service's own name: `'cmap'`. */
  readonly service: string;
  /** Where it listens: `'@cmap'` for the abstract socket, else its path. */
  readonly socket: string;
}

/** What has a beginning and an end. What is known at its end only is `undefined` before. */
export interface TracedSpan extends TracedServer {
  /** On the clock of `performance.now()`, in milliseconds. */
  readonly startTime: number;
  /** Milliseconds from the beginning to the end. */
  durationMs: number | undefined;
  /** What it failed with, as its caller gets it; `undefined` if it succeeded. An error names keys, never their values. */
  error: unknown;
}

/** Channel `corosync-client:connect`: an attempt to connect is over, the first request included, if the service has one. */
export interface ConnectTrace extends TracedSpan {
  /** What carries the messages; `undefined` if it failed. */
  transport: TransportKind | undefined;
  /** The bytes that corosync granted for a message; `undefined` if it failed. */
  bufferSize: number | undefined;
}

/** Channel `corosync-client:call`: a request is over for its caller. A method that asks several times has several. */
export interface CallTrace extends TracedSpan {
  /** What carries the messages of the connection. */
  readonly transport: TransportKind;
  /** The C function that the request stands for: `'cmap_get'`. */
  readonly operation: string;
  /** The key or prefix that it is about. Its value is never told. */
  readonly key?: string | undefined;
  /** Of the request, its header included. */
  readonly requestBytes: number;
  /** Of the answer, its header included; `undefined` if none was read for the caller. */
  responseBytes: number | undefined;
  /** `'CS_OK'`, or the name of the error; `undefined` where the caller's signal ended it, with a reason of his own. */
  status: CsErrorName | undefined;
  /** Whether the request reached corosync. */
  sent: Sent | undefined;
}

/** Channel `corosync-client:event`: corosync sent an event, and its room has been given back. */
export interface EventTrace extends TracedServer {
  /** What carries the messages of the connection. */
  readonly transport: TransportKind;
  /** The message's number in the service's protocol: 9 is cmap's notification. */
  readonly id: number;
  /** Its header included. */
  readonly bytes: number;
}

/** Channel `corosync-client:lost`: a connection has ended that its owner did not end. */
export interface LostTrace extends TracedServer {
  /** What carries the messages of the connection. */
  readonly transport: TransportKind;
  /** Milliseconds that it had lasted. */
  readonly connectedMs: number;
  /** What ended it: as `whenClosed` resolves with it. */
  readonly error: ConnectionError;
}

/** A channel for spans: told once when they are over, and, for who wants more, as Node's TracingChannel does it. */
class SpanChannel<T extends TracedSpan> {
  readonly #over: Channel;
  readonly #tracing: TracingChannel<unknown, T>;

  constructor(name: string) {
    this.#over = channel(name);
    this.#tracing = tracingChannel<unknown, T>(name);
  }

  /** Without one, nothing else here is called. */
  get hasSubscribers(): boolean {
    return this.#over.hasSubscribers || this.#tracing.hasSubscribers;
  }

  begin(trace: T): void {
    this.#tracing.start.publish(trace);
    this.#tracing.end.publish(trace);
  }

  finish(trace: T, failed: boolean): void {
    if (failed) this.#tracing.error.publish(trace);
    this.#tracing.asyncStart.publish(trace);
    this.#tracing.asyncEnd.publish(trace);
    this.#over.publish(trace);
  }
}

const CONNECTS = new SpanChannel<ConnectTrace>('corosync-client:connect');
const CALLS = new SpanChannel<CallTrace>('corosync-client:call');
const EVENTS = channel('corosync-client:event');
const LOSSES = channel('corosync-client:lost');

/** What a connection says of itself once it is there. */
interface Connected {
  readonly transport: TransportKind;
  readonly maxMessageSize: number;
}

/** Tells of connecting, if anybody listens. */
export async function traceConnect<T extends Connected>(
  serverOf: () => TracedServer,
  connect: () => Promise<T>,
): Promise<T> {
  if (!CONNECTS.hasSubscribers) return connect();
  const startTime = performance.now();
  const trace: ConnectTrace = {
    ...serverOf(),
    transport: undefined,
    bufferSize: undefined,
    startTime,
    durationMs: undefined,
    error: undefined,
  };
  let failed = false;
  CONNECTS.begin(trace);
  try {
    const connection = await connect();
    note(trace, { transport: connection.transport, bufferSize: connection.maxMessageSize });
    return connection;
  } catch (error) {
    failed = true;
    note(trace, { error });
    throw error;
  } finally {
    note(trace, { durationMs: performance.now() - startTime });
    CONNECTS.finish(trace, failed);
  }
}

/** Where a subscriber has frozen what he was told, its end is not told: his connection or call must not suffer. */
function note<T extends TracedSpan>(trace: T, facts: Partial<T>): void {
  try {
    Object.assign(trace, facts);
  } catch {
    // It stays as it is.
  }
}

/**
 * Tells of what happens to one connection. Subscribers are other people's code: they are called when everything has been done for
 * corosync, and in the caller's own context where there is a caller.
 */
export class ConnectionTrace {
  readonly #server: TracedServer & { readonly transport: TransportKind };
  readonly #connectedAt = performance.now();
  #events: EventTrace[] = [];

  constructor(server: TracedServer, transport: TransportKind) {
    this.#server = { service: server.service, socket: server.socket, transport };
  }

  /** A call begins: before it is sent. */
  call(call: PendingCall): void {
    if (!CALLS.hasSubscribers) return;
    const trace = this.#begun(call);
    const { startTime } = trace;
    CALLS.begin(trace);
    const finish = (error: unknown, status: CsErrorName | undefined, sent: Sent, failed: boolean): void => {
      const durationMs = performance.now() - startTime;
      note(trace, { durationMs, responseBytes: call.responseSize, error, status, sent });
      CALLS.finish(trace, failed);
    };
    call.promise.then(
      () => finish(undefined, 'CS_OK', 'yes', false),
      (error: unknown) => {
        if (error instanceof CsError) finish(error, error.code, error.sent, true);
        else finish(error, undefined, call.sent, true);
      },
    );
  }

  /** All properties at once: an object that gets them one by one costs ten times as much. */
  #begun({ message }: PendingCall): CallTrace {
    const { service, socket, transport } = this.#server;
    return {
      service,
      socket,
      transport,
      operation: message.operation,
      key: message.key,
      requestBytes: message.size,
      responseBytes: undefined,
      status: undefined,
      sent: undefined,
      startTime: performance.now(),
      durationMs: undefined,
      error: undefined,
    };
  }

  /** An event is in hand: its window is good for now only, so it is told by `drained`. */
  event(event: MessageReader): void {
    if (EVENTS.hasSubscribers) this.#events.push({ ...this.#server, id: event.i32(0), bytes: event.length });
  }

  /** The room of the events has been given back. */
  drained(): void {
    if (this.#events.length === 0) return;
    const events = this.#events;
    this.#events = [];
    for (const event of events) EVENTS.publish(event);
  }

  lost(error: ConnectionError): void {
    if (!LOSSES.hasSubscribers) return;
    LOSSES.publish({ ...this.#server, connectedMs: performance.now() - this.#connectedAt, error });
  }
}
