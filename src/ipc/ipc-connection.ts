import { MalformedError } from '../codec/malformed.ts';
import type { MessageReader } from '../codec/message-reader.ts';
import type { AnyMessage, RequestMessage, UnansweredMessage } from '../codec/message.ts';
import { ConnectionError, CsError } from '../errors/index.ts';
import { within } from './calls/deadline.ts';
import { PendingCall, type SubmitOptions } from './calls/pending-call.ts';
import { ConnectionTrace, type TracedServer } from './diagnostics.ts';
import type { EventWaking } from './event-backlog.ts';
import { hideTransport } from './hidden-transport.ts';
import type { Transport, TransportKind } from './transport.ts';

/** What a service wants to hear from its connection. */
export interface ConnectionListener {
  /** How events are fetched that wait inside corosync; without it, they come when corosync looks after them by itself. */
  readonly waking?: EventWaking | undefined;
  /** One event message, to be decoded and kept: the window is good for this call only, and a ring waits meanwhile. */
  onEvent(event: MessageReader): void;
  /** What carried the events has been given back: now is the time for anybody else's code. */
  onDrained(): void;
  /** Whether events wait inside corosync has changed. */
  onBehind?(behind: boolean): void;
  /** Once, when the connection is gone: by `close` (no error), or because of `error`. */
  onClosed(error: ConnectionError | undefined): void;
}

type State =
  | { readonly name: 'open' }
  | { readonly name: 'closing'; readonly done: Promise<void> }
  | { readonly name: 'closed'; readonly error: ConnectionError | undefined };

/** A connection to one corosync service. It knows requests, answers and events, but not what they mean. */
export class IpcConnection {
  readonly #transport: Transport;
  readonly #listener: ConnectionListener;
  readonly #trace: ConnectionTrace;
  readonly #allowed: ReadonlySet<number> | undefined;
  #state: State = { name: 'open' };
  /** Ends a connection that is hidden, because corosync has ended. */
  #letGo: (() => void) | undefined;
  #tellClosed: (error: ConnectionError | undefined) => void = () => undefined;
  readonly #whenClosed = new Promise<ConnectionError | undefined>((resolve) => (this.#tellClosed = resolve));

  /** @param allowed the ids of requests that may be sent; without it, all may */
  constructor(
    transport: Transport,
    listener: ConnectionListener,
    server: TracedServer,
    allowed?: ReadonlySet<number>,
  ) {
    this.#allowed = allowed;
    this.#transport = transport;
    this.#listener = listener;
    this.#trace = new ConnectionTrace(server, transport.kind);
    transport.listen({
      waking: listener.waking,
      onEvent: (event) => {
        if (this.closed) return;
        this.#trace.event(event);
        listener.onEvent(event);
      },
      onDrained: () => {
        this.#trace.drained();
        listener.onDrained();
      },
      onFailure: (cause) => this.#failed(cause),
      onBehind: (behind) => listener.onBehind?.(behind),
      onLost: (error) => this.#end(error, true),
    });
  }

  get transport(): TransportKind {
    return this.#transport.kind;
  }

  get maxMessageSize(): number {
    return this.#transport.maxMessageSize;
  }

  /** How many such requests go out in one batch at most. */
  mostTogether(message: RequestMessage<unknown>): number {
    return this.#transport.mostTogether(message);
  }

  /** Whether events may wait inside corosync. Needs the listener's `waking`. */
  get behind(): boolean {
    return this.#transport.behind;
  }

  get closed(): boolean {
    return this.#state.name === 'closed';
  }

  /** Resolves at the end: with the error that ended it, or with `undefined` after `close`. */
  whenClosed(): Promise<ConnectionError | undefined> {
    return this.#whenClosed;
  }

  /** Sends a request and resolves with its decoded answer; or, if it is never answered, when corosync has taken it. */
  submit(message: UnansweredMessage, options: SubmitOptions<void>): Promise<void>;
  submit<T>(message: RequestMessage<T>, options: SubmitOptions<T>): Promise<T>;
  submit<T>(message: RequestMessage<T> | UnansweredMessage, options: SubmitOptions<T>): Promise<T> {
    const call = new PendingCall(message, options);
    // What listens there may end the connection, or abort the call.
    this.#trace.call(call as PendingCall);
    const isOpen =
      this.#state.name === 'open' || (this.#state.name === 'closing' && options.followUp === true);
    const refusal = this.refusal(message);
    if (refusal !== undefined) call.fail(refusal);
    else if (!isOpen) call.fail(this.#unusable(message));
    else if (!call.settled) this.#transport.submit(call as PendingCall, options.urgent);
    return call.promise;
  }

  /** Requests that a window has held back may go out now. */
  resume(): void {
    if (!this.closed) this.#transport.resume();
  }

  /** Why the request may not be sent, if it may not: who may only read sends what is known to read. */
  refusal({ operation, key, requestId }: AnyMessage): CsError | undefined {
    if (this.#allowed === undefined || this.#allowed.has(requestId)) return undefined;
    const detail = "this client was made with access 'read', and changes nothing";
    return new CsError('CS_ERR_ACCESS', { operation, key, detail });
  }

  /**
   * Gives back what the server holds for us. The request goes out whatever becomes of its caller, who waits as long
   * as told; the end of the connection gives back everything.
   */
  async release(
    message: RequestMessage<unknown>,
    timeoutMs: number,
    signal?: AbortSignal,
    onReleased?: () => void,
  ): Promise<void> {
    if (this.closed) return;
    const options = {
      timeoutMs: Infinity,
      onAnswer: onReleased,
      urgent: true,
      followUp: true,
      background: true,
    };
    const released = this.submit(message, options).catch((error: unknown) => {
      if (!this.closed) throw error;
    });
    const { operation, key } = message;
    await within(released, { operation, key, timeoutMs, signal, sent: 'unknown' });
  }

  /** Resolves when every call made so far is settled. */
  whenSettled(): Promise<void> {
    return this.#transport.whenSettled();
  }

  /**
   * Resolves when every event has been handed on that corosync had to tell before it gave the last answer. Needs the listener's `waking`.
   * @throws ConnectionError the connection has ended
   */
  async eventsCaughtUp(operation: string): Promise<void> {
    if (this.closed) throw this.#unusable({ operation });
    await this.#transport.eventsCaughtUp();
  }

  /** Lets outstanding calls settle, then closes. */
  close(): Promise<void> {
    if (this.#state.name === 'closed') return Promise.resolve();
    if (this.#state.name === 'closing') return this.#state.done;
    const done = this.#finish();
    this.#state = { name: 'closing', done };
    return done;
  }

  async #finish(): Promise<void> {
    do {
      await this.#transport.whenSettled();
      // A call of two requests makes its second one in the turn of the first one's answer.
      await new Promise((resolve) => setImmediate(resolve));
    } while (!this.#transport.settled);
    this.#shut(undefined);
  }

  /**
   * Closes at once; whatever waits is rejected. What corosync may still need of the connection stays until it has answered
   * (`RequestMessage.holdsConnection`).
   */
  destroy(cause?: unknown): void {
    const detail = 'the connection was destroyed';
    this.#shut(new ConnectionError('CS_ERR_LIBRARY', { operation: 'connection', detail, cause }));
  }

  #unusable({ operation, key }: { operation: string; key?: string }): CsError {
    const context = { operation, key };
    const error = this.#state.name === 'closed' ? this.#state.error : undefined;
    if (error === undefined)
      return new CsError('CS_ERR_BAD_HANDLE', { ...context, detail: 'the connection is closed' });
    return new ConnectionError('CS_ERR_BAD_HANDLE', {
      ...context,
      detail: 'the connection is gone',
      sent: 'no',
      cause: error,
    });
  }

  /** What arrives can no longer be understood: close before it does harm. */
  #failed(cause: unknown): void {
    if (cause instanceof ConnectionError && !(cause instanceof MalformedError)) return this.#end(cause);
    const code = cause instanceof MalformedError ? cause.code : 'CS_ERR_LIBRARY';
    const detail = `the exchange with corosync broke down: ${whatHappened(cause)}`;
    this.#end(new ConnectionError(code, { operation: 'connection', detail, cause }));
  }

  /** @param serverGone corosync has closed the connection, not we */
  #end(error: ConnectionError, serverGone = false): void {
    const wasClosed = this.closed;
    this.#shut(error, serverGone);
    if (!wasClosed) this.#trace.lost(error);
  }

  #shut(error: ConnectionError | undefined, serverGone = false): void {
    if (this.#state.name === 'closed') {
      if (serverGone) this.#letGo?.();
      return;
    }
    this.#state = { name: 'closed', error };
    const told = error ?? new ConnectionError('CS_ERR_BAD_HANDLE', { operation: 'connection' });
    if (this.#transport.holdsConnection && !serverGone) this.#letGo = hideTransport(this.#transport, told);
    else this.#transport.stop(told);
    this.#listener.onClosed(error);
    this.#tellClosed(error);
    // A server that is killed before it has noticed our close cleans up no more than any other.
    if (this.#letGo === undefined) this.#transport.removeLeftovers(serverGone);
  }
}

function whatHappened(cause: unknown): string {
  if (cause instanceof MalformedError) return cause.detail ?? cause.message;
  return cause instanceof Error ? cause.message : String(cause);
}
