import type { RequestMessage, UnansweredMessage } from '../codec/message.ts';
import type { ConnectionError } from '../errors/index.ts';
import {
  connectIpc,
  type FirstRequest,
  type IpcConnection,
  type IpcOptions,
  type SubmitOptions,
  type TransportKind,
} from '../ipc/index.ts';
import { CallLimits, checkCallOptions, type CallOptions } from '../options/call-options.ts';
import { EventRouter, type EventReceiver } from './event-router.ts';

/** How a request is sent, beside its caller's options. */
export type RequestOptions<T> = Omit<SubmitOptions<T>, 'timeoutMs' | 'signal'>;

/** What a call is about, for its errors. */
export interface CallSubject {
  readonly operation: string;
  readonly key?: string | undefined;
}

/**
 * A connection to one service of corosync: what the client of each service is made of. It knows the user's options of a call, and
 * nothing of what the requests mean.
 */
export class ServiceClient {
  /** Of a call that has no options. */
  readonly defaultLimits: CallLimits;
  readonly #connection: IpcConnection;

  private constructor(connection: IpcConnection, timeoutMs: number) {
    this.#connection = connection;
    this.defaultLimits = new CallLimits(timeoutMs);
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
    const connection = await connectIpc(options, new EventRouter(receiver), first);
    return new ServiceClient(connection, options.timeoutMs);
  }

  get transport(): TransportKind {
    return this.#connection.transport;
  }

  /** Whether events may wait inside corosync. Needs the receiver's `waking`. */
  get behind(): boolean {
    return this.#connection.behind;
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
  async send(message: UnansweredMessage, options?: CallOptions): Promise<void> {
    const { timeoutMs, signal } = this.limits(options, message.operation, message.key);
    await this.#connection.submit(message, { timeoutMs, signal });
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
    return this.#connection.close();
  }

  /** Closes at once; whatever waits fails with a ConnectionError caused by `error`. */
  destroy(error?: unknown): void {
    this.#connection.destroy(error);
  }
}
