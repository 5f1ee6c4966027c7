import { ConnectionError, CsError } from '../errors/index.ts';
import { Deadline } from '../ipc/index.ts';
import { CallLimits, checkCallOptions, type CallOptions } from '../options/call-options.ts';
import { isAborted, throwIfAborted } from '../options/signals.ts';
import type { CallSubject } from '../service/index.ts';
import type { SessionClient, SessionState, SessionStateMachine, SessionStateName } from './session-state.ts';

type Call<C, T> = (client: C, limits: CallLimits) => Promise<T>;

interface Waiter<C> {
  readonly subject: CallSubject;
  readonly states: readonly SessionStateName[];
  serve(client: C): void;
  fail(error: unknown): void;
}

const CONNECTED: readonly SessionStateName[] = ['connected', 'resynced'];

/** The calls of a session: on the connection that there is, or on the next one. */
export class SessionCalls<C extends SessionClient> {
  readonly #machine: SessionStateMachine<C>;
  readonly #defaultLimits: CallLimits;
  /** In the order of their calls. */
  readonly #waiters = new Set<Waiter<C>>();

  constructor(machine: SessionStateMachine<C>, timeoutMs: number) {
    this.#machine = machine;
    this.#defaultLimits = new CallLimits(timeoutMs);
  }

  /** The connection, if every follower is up to date on it. */
  get resynced(): C | undefined {
    const { state, client } = usable(this.#machine.state);
    return state === 'resynced' ? client : undefined;
  }

  /** Calls that waited are made in this turn, before any that come later. */
  stateChanged(): void {
    for (const waiter of this.#waiters) this.#serve(waiter);
  }

  /** Makes the call again as often as its connection is lost. */
  read<T>(subject: CallSubject, options: CallOptions | undefined, call: Call<C, T>): Promise<T> {
    return this.#onEachClient(subject, options, call, (error) => error instanceof ConnectionError);
  }

  /** Makes the call once: a change whose connection is lost may have happened. Only one that was not sent is made again. */
  change<T>(subject: CallSubject, options: CallOptions | undefined, call: Call<C, T>): Promise<T> {
    const wasNotSent = (error: unknown): boolean => error instanceof ConnectionError && error.sent === 'no';
    return this.#onEachClient(subject, options, call, wasNotSent);
  }

  /** Makes the call on the connection that there is, or on the next one; whatever comes of it, it is not made again. */
  once<T>(subject: CallSubject, options: CallOptions | undefined, call: Call<C, T>): Promise<T> {
    return this.#onEachClient(subject, options, call, () => false);
  }

  /** The limits of a call; what its options do not state is the session's. */
  limits({ operation, key }: CallSubject, options: CallOptions | undefined): CallLimits {
    return checkCallOptions(options, this.#defaultLimits, operation, key);
  }

  /** The connection, as soon as there is one. */
  client(subject: CallSubject, limits: CallLimits): Promise<C> {
    return this.whenIn(CONNECTED, subject, limits, (client) => Promise.resolve(client));
  }

  /** Waits for one of these states, and in the turn in which it comes uses the connection. */
  whenIn<T>(
    states: readonly SessionStateName[],
    subject: CallSubject,
    limits: CallLimits,
    use: (client: C) => Promise<T>,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const deadline = new Deadline({ ...subject, timeoutMs: limits.timeoutMs, signal: limits.signal });
      const end = (): void => {
        deadline.dispose();
        this.#waiters.delete(waiter);
      };
      const waiter: Waiter<C> = {
        subject,
        states,
        serve: (client) => {
          end();
          resolve(use(client));
        },
        fail: (error) => {
          end();
          // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- a signal's reason may be anything
          reject(isTimeout(error) && !isAborted(limits.signal) ? this.#notConnected(subject, limits) : error);
        },
      };
      this.#waiters.add(waiter);
      const { signal } = deadline;
      if (signal.aborted) return waiter.fail(signal.reason);
      signal.addEventListener('abort', () => waiter.fail(signal.reason), { once: true });
      this.#serve(waiter);
    });
  }

  #serve(waiter: Waiter<C>): void {
    const { state, client } = usable(this.#machine.state);
    if (state === 'closed') waiter.fail(sessionClosed(waiter.subject));
    else if (client !== undefined && waiter.states.includes(state)) waiter.serve(client);
  }

  async #onEachClient<T>(
    subject: CallSubject,
    options: CallOptions | undefined,
    call: Call<C, T>,
    worthAnotherTry: (error: unknown) => boolean,
  ): Promise<T> {
    const limits = this.limits(subject, options);
    const startedAt = performance.now();
    const rest = (): CallLimits => limits.restSince(startedAt);
    for (;;) {
      const { client } = usable(this.#machine.state);
      try {
        if (client !== undefined) return await call(client, rest());
        return await this.whenIn(CONNECTED, subject, rest(), (next) => call(next, rest()));
      } catch (error) {
        if (!worthAnotherTry(error) || this.#machine.state.state === 'closed') throw error;
        // What looks like a loss may be the reason that the caller has aborted with; it would be thrown again and again.
        throwIfAborted(limits.signal);
      }
    }
  }

  #notConnected(subject: CallSubject, { timeoutMs }: CallLimits): CsError {
    const { state } = this.#machine;
    const error = 'error' in state ? state.error : undefined;
    const why = error === undefined ? '' : `; last: ${error.message}`;
    const detail = `no connection to corosync within ${Math.round(timeoutMs)} ms, ${state.state}${why}`;
    return new CsError('CS_ERR_TIMEOUT', { ...subject, detail, cause: error });
  }
}

export function sessionClosed(subject: CallSubject): CsError {
  return new CsError('CS_ERR_BAD_HANDLE', { ...subject, detail: 'the session is closed' });
}

/** A connection may be gone some moments before the session has heard of it. */
function usable<C extends SessionClient>(
  state: SessionState<C>,
): { state: SessionStateName; client: C | undefined } {
  const client = 'client' in state && !state.client.closed ? state.client : undefined;
  return { state: state.state, client };
}

function isTimeout(error: unknown): boolean {
  return error instanceof CsError && error.code === 'CS_ERR_TIMEOUT';
}
