import type { CmapClient } from '../cmap/index.ts';
import { ConnectionError, CsError } from '../errors/index.ts';
import { timeoutOf, within, type CallOptions } from '../ipc/index.ts';
import type { SessionState, SessionStateMachine, SessionStateName } from './session-state.ts';

type Call<T> = (client: CmapClient, options: CallOptions) => Promise<T>;

interface Waiter {
  readonly operation: string;
  readonly states: readonly SessionStateName[];
  resolve(client: CmapClient): void;
  reject(error: CsError): void;
}

const CONNECTED: readonly SessionStateName[] = ['connected', 'resynced'];

/** The calls of a session: on the connection that there is, or on the next one. */
export class SessionCalls {
  readonly #machine: SessionStateMachine;
  readonly #timeoutMs: number;
  readonly #waiters = new Set<Waiter>();

  constructor(machine: SessionStateMachine, timeoutMs: number) {
    this.#machine = machine;
    this.#timeoutMs = timeoutMs;
  }

  stateChanged(): void {
    for (const waiter of this.#waiters) this.#serve(waiter);
  }

  /** Makes the call again as often as its connection is lost. */
  read<T>(operation: string, options: CallOptions | undefined, call: Call<T>): Promise<T> {
    return this.#onEachClient(operation, options, call, (error) => error instanceof ConnectionError);
  }

  /** Makes the call once: a change whose connection is lost may have happened. Only one that was not sent is made again. */
  change<T>(operation: string, options: CallOptions | undefined, call: Call<T>): Promise<T> {
    const wasNotSent = (error: unknown): boolean =>
      error instanceof ConnectionError && error.code === 'CS_ERR_BAD_HANDLE';
    return this.#onEachClient(operation, options, call, wasNotSent);
  }

  /** The connection, as soon as there is one. */
  client(operation: string, options: CallOptions | undefined): Promise<CmapClient> {
    return this.whenIn(CONNECTED, operation, options);
  }

  /** Waits for one of these states, and gives the connection that it has. */
  async whenIn(
    states: readonly SessionStateName[],
    operation: string,
    options: CallOptions | undefined,
  ): Promise<CmapClient> {
    const timeoutMs = timeoutOf(options, this.#timeoutMs, operation);
    options?.signal?.throwIfAborted();
    let waiter: Waiter | undefined;
    const client = new Promise<CmapClient>((resolve, reject) => {
      waiter = { operation, states, resolve, reject };
      this.#waiters.add(waiter);
      this.#serve(waiter);
    });
    try {
      return await within(client, operation, timeoutMs, options?.signal);
    } catch (error) {
      throw isTimeout(error) ? this.#notConnected(operation, timeoutMs) : error;
    } finally {
      if (waiter !== undefined) this.#waiters.delete(waiter);
    }
  }

  #serve(waiter: Waiter): void {
    const { state, client } = usable(this.#machine.state);
    if (state === 'closed') waiter.reject(sessionClosed(waiter.operation));
    else if (client !== undefined && waiter.states.includes(state)) waiter.resolve(client);
    else return;
    this.#waiters.delete(waiter);
  }

  async #onEachClient<T>(
    operation: string,
    options: CallOptions | undefined,
    call: Call<T>,
    worthAnotherTry: (error: unknown) => boolean,
  ): Promise<T> {
    const timeoutMs = timeoutOf(options, this.#timeoutMs, operation);
    const deadlineAt = performance.now() + timeoutMs;
    let rest = { ...options, timeoutMs };
    for (;;) {
      const client = usable(this.#machine.state).client ?? (await this.client(operation, rest));
      rest = { ...rest, timeoutMs: Math.max(deadlineAt - performance.now(), 0) };
      try {
        return await call(client, rest);
      } catch (error) {
        if (!worthAnotherTry(error)) throw error;
      }
    }
  }

  #notConnected(operation: string, timeoutMs: number): CsError {
    const { state } = this.#machine;
    const error = 'error' in state ? state.error : undefined;
    const why = error === undefined ? '' : `; last: ${error.message}`;
    const detail = `no connection to corosync within ${timeoutMs} ms, ${state.state}${why}`;
    return new CsError('CS_ERR_TIMEOUT', { operation, detail, cause: error });
  }
}

export function sessionClosed(operation: string): CsError {
  return new CsError('CS_ERR_BAD_HANDLE', { operation, detail: 'the session is closed' });
}

/** A connection may be gone some moments before the session has heard of it. */
function usable(state: SessionState): { state: SessionStateName; client: CmapClient | undefined } {
  const client = 'client' in state && !state.client.closed ? state.client : undefined;
  return { state: state.state, client };
}

function isTimeout(error: unknown): boolean {
  return error instanceof CsError && error.code === 'CS_ERR_TIMEOUT';
}
