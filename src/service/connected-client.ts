import type { ConnectionError } from '../errors/index.ts';
import type { TransportKind } from '../ipc/index.ts';
import type { ServiceClient } from './service-client.ts';

/** What the client of a service shows of its connection, and how it ends. */
export abstract class ConnectedClient implements AsyncDisposable {
  readonly #service: ServiceClient;

  /** @internal */
  constructor(service: ServiceClient) {
    this.#service = service;
  }

  /** What carries the messages: corosync's `system { qb_ipc_type }` decides. */
  get transport(): TransportKind {
    return this.#service.transport;
  }

  /** Whether events may wait inside corosync: more came than there was room for, and they are being fetched. */
  get behind(): boolean {
    return this.#service.behind;
  }

  /**
   * Calls back each time that `behind` changes. There is one listener.
   * @internal
   */
  whenBehind(listener: (behind: boolean) => void): void {
    this.#service.whenBehind(listener);
  }

  /** Whether the connection has ended, by `close`, `destroy` or the loss of corosync. */
  get closed(): boolean {
    return this.#service.closed;
  }

  /** qb_ipcc_get_buffer_size: the bytes that corosync granted. */
  get bufferSize(): number {
    return this.#service.bufferSize;
  }

  /** Resolves at the end of the connection: with the error if it was lost or destroyed, with `undefined` after `close`. */
  whenClosed(): Promise<ConnectionError | undefined> {
    return this.#service.whenClosed();
  }

  /** The service's finalize: lets calls that are under way settle, then closes; trackers end. Idempotent. */
  close(): Promise<void> {
    return this.#service.close();
  }

  /** Closes at once: whatever waits, trackers included, fails with a ConnectionError caused by `error`. */
  destroy(error?: Error): void {
    this.#service.destroy(error);
  }

  /** As `close`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
