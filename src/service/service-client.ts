import type { AnyMessage, RequestMessage, UnansweredMessage } from '../codec/message.ts';
import { CsError, type ConnectionError } from '../errors/index.ts';
import {
  connectIpc,
  type FirstRequest,
  type IpcConnection,
  type IpcOptions,
  type SubmitOptions,
  type TransportKind,
} from '../ipc/index.ts';
import { CallLimits, checkCallOptions, type CallOptions } from '../options/call-options.ts';
import { DEAF, EventRouter, type EventReceiver } from './event-router.ts';
import { SideConnections, type SideCall, type Use } from './side-connections.ts';

/** A call on a connection beside that of the client. */
export interface BesideOptions<E> {
  readonly options?: CallOptions | undefined;
  /** Who hears the events of that connection. Default: nobody. */
  readonly receiver?: EventReceiver<E> | undefined;
  /** Calls of the same lane are made one after the other. Without one, nothing waits. */
  readonly lane?: string | undefined;
}

/** How a request is sent, beside its caller's options. */
export type RequestOptions<T> = Omit<SubmitOptions<T>, 'timeoutMs' | 'signal'>;

/**
 * A connection to one service of corosync: what the client of each service is made of. It knows the user's options of a call, and
 * nothing of what the requests mean.
 */
export class ServiceClient {
  /** Of a call that has no options. */
  readonly defaultLimits: CallLimits;
  readonly #connection: IpcConnection;
  readonly #router: Pick<EventRouter<never>, 'whenBehind'>;
  readonly #ipc: IpcOptions;
  readonly #first: FirstRequest | undefined;
  readonly #sides = new SideConnections<ServiceClient>();
  #closing: Promise<void> | undefined;

  private constructor(
    connection: IpcConnection,
    router: Pick<EventRouter<never>, 'whenBehind'>,
    ipc: IpcOptions,
    first: FirstRequest | undefined,
  ) {
    this.#connection = connection;
    this.#router = router;
    this.#ipc = ipc;
    this.#first = first;
    this.defaultLimits = new CallLimits(ipc.timeoutMs);
    void connection.whenClosed().then((error) => {
      if (error !== undefined) this.#sides.lost(error);
    });
  }

  /**
   * Connects, within the time that the options give to all of it.
   * @param first may be left out by a service that asks something at once by itself, whatever carries it
   */
  static async connect<E>(
    options: IpcOptions,
    receiver: EventReceiver<E>,
    first?: FirstRequest,
  ): Promise<ServiceClient> {
    const router = new EventRouter(receiver);
    const connection = await connectIpc(options, router, first);
    return new ServiceClient(connection, router, options, first);
  }

  get transport(): TransportKind {
    return this.#connection.transport;
  }

  /** Whether events may wait inside corosync. Needs the receiver's `waking`. */
  get behind(): boolean {
    return this.#connection.behind;
  }

  /** Calls back each time that `behind` changes. There is one listener. */
  whenBehind(listener: (behind: boolean) => void): void {
    this.#router.whenBehind(listener);
  }

  /** How many such requests go out in one batch at most. */
  mostTogether(message: RequestMessage<unknown>): number {
    return this.#connection.mostTogether(message);
  }

  get closed(): boolean {
    return this.#connection.closed;
  }

  get bufferSize(): number {
    return this.#connection.maxMessageSize;
  }

  /** Resolves at the end of the connection: with the error if it was lost or destroyed, with `undefined` after `close`. */
  whenClosed(): Promise<ConnectionError | undefined> {
    return this.#connection.whenClosed();
  }

  /** The limits of a call that makes several requests. */
  limits(options: CallOptions | undefined, operation: string, key?: string): CallLimits {
    return checkCallOptions(options, this.defaultLimits, operation, key);
  }

  /**
   * Sends a request and resolves with what its answer says.
   * @param options those of the call, or its limits
   * @param more a function where something is to be noted of a request, but only if its options are good
   */
  submit<T>(
    message: RequestMessage<T>,
    options?: CallOptions,
    more?: RequestOptions<T> | (() => RequestOptions<T>),
  ): Promise<T> {
    const { timeoutMs, signal } = this.limits(options, message.operation, message.key);
    const requestOptions = typeof more === 'function' ? more() : more;
    return this.#connection.submit(message, { timeoutMs, signal, ...requestOptions });
  }

  /** Sends a request that is never answered, and resolves when corosync has taken it. */
  send(message: UnansweredMessage, options: SubmitOptions<void>): Promise<void> {
    return this.#connection.submit(message, options);
  }

  /** Resolves when every call made so far is settled. */
  whenSettled(): Promise<void> {
    return this.#connection.whenSettled();
  }

  /** Requests that a window has held back may go out now. */
  resume(): void {
    this.#connection.resume();
  }

  /** @throws CsError CS_ERR_ACCESS: this client may not send such a request; CS_ERR_BAD_HANDLE: it is closed */
  check(message: AnyMessage): void {
    const refusal = this.#connection.refusal(message);
    if (refusal !== undefined) throw refusal;
    if (!this.closed && this.#closing === undefined) return;
    const { operation, key } = message;
    throw new CsError('CS_ERR_BAD_HANDLE', { operation, key, detail: 'the connection is closed' });
  }

  /** Sends a request whose answer comes late on a connection beside this one, so that only those of the same operation wait behind it. */
  async submitBeside<T>(message: RequestMessage<T>, options?: CallOptions): Promise<T> {
    return this.beside(message, { options, lane: message.operation }, (side, rest) =>
      side.submit(message, rest()),
    );
  }

  /**
   * Makes a call on a connection beside this one, which is closed when `use` is over: for a request whose answer comes late, so that
   * nothing waits behind it, or for one that hears events of its own.
   * @param use gets what is left of the call's limits
   */
  async beside<T, E = never>(
    message: RequestMessage<unknown>,
    call: BesideOptions<E>,
    use: Use<ServiceClient, T>,
  ): Promise<T> {
    return this.#sides.use(this.#sideCall(message, call), use);
  }

  /** The same for a connection that lives on, as long as this one or until it is closed. */
  async openBeside<E = never>(
    message: RequestMessage<unknown>,
    call: BesideOptions<E>,
    begin: Use<ServiceClient, unknown>,
  ): Promise<ServiceClient> {
    return this.#sides.open(this.#sideCall(message, call), begin);
  }

  #sideCall<E>(
    message: RequestMessage<unknown>,
    { options, receiver, lane }: BesideOptions<E>,
  ): SideCall<ServiceClient> {
    const { operation, key } = message;
    const limits = this.limits(options, operation, key);
    this.check(message);
    const connect = ({ timeoutMs, signal }: CallLimits): Promise<ServiceClient> =>
      ServiceClient.connect<E>({ ...this.#ipc, timeoutMs, signal }, receiver ?? DEAF, this.#first);
    return { subject: { operation, key }, limits, lane, connect };
  }

  /** Gives back what corosync holds for us, in any case; the caller waits as long as it likes. */
  async release(
    message: RequestMessage<unknown>,
    options?: CallOptions,
    onReleased?: () => void,
  ): Promise<void> {
    const { timeoutMs, signal } = this.limits(options, message.operation, message.key);
    await this.#connection.release(message, timeoutMs, signal, onReleased);
  }

  /** Resolves when every event has been delivered that corosync had to send before it gave the last answer. Needs the receiver's `waking`. */
  eventsCaughtUp(operation: string): Promise<void> {
    return this.#connection.eventsCaughtUp(operation);
  }

  /** Lets calls that are under way settle, then closes. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= Promise.all([this.#connection.close(), this.#sides.close()]).then(() => undefined);
    return this.#closing;
  }

  /** Closes at once; whatever waits fails with a ConnectionError caused by `error`. */
  destroy(error?: unknown): void {
    this.#sides.destroy(error);
    this.#connection.destroy(error);
  }
}
