import { setTimeout as sleep } from 'node:timers/promises';
import { asError, CsError } from '../errors/index.ts';
import type { BackOff } from './back-off.ts';
import type { Followers } from './followers.ts';
import type { SessionClient, SessionStateMachine } from './session-state.ts';

/** What a session needs of the world; a test has its own. */
export interface SessionWorld<C> {
  /** Rejects when `signal` aborts. */
  connect(signal: AbortSignal): Promise<C>;
  /** Rejects when `signal` aborts. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
}

/** How to wait in the real world. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return sleep(ms, undefined, { signal });
}

/** Keeps a session connected until it is stopped: connects, restores the followers, notices the loss, and tries again. */
export class Reconnection<C extends SessionClient> {
  readonly #machine: SessionStateMachine<C>;
  readonly #followers: Followers<C>;
  readonly #world: SessionWorld<C>;
  readonly #backOff: BackOff;
  readonly #onBehind: (behind: boolean) => void;
  readonly #stopping = new AbortController();

  constructor(
    machine: SessionStateMachine<C>,
    followers: Followers<C>,
    world: SessionWorld<C>,
    backOff: BackOff,
    onBehind: (behind: boolean) => void,
  ) {
    this.#machine = machine;
    this.#followers = followers;
    this.#world = world;
    this.#backOff = backOff;
    this.#onBehind = onBehind;
  }

  /** No attempt begins after this. The connection, if there is one, is for others to close. */
  stop(): void {
    this.#stopping.abort();
  }

  /** One round for each attempt to connect. Resolves after `stop`, when the last connection is closed. */
  async run(): Promise<void> {
    for (;;) {
      const retryInMs = await this.#connectOnce();
      if (retryInMs === undefined) return;
      await this.#world.pause(retryInMs, this.#stopping.signal).catch(() => undefined);
      if (this.#isStopped()) return;
      this.#machine.go({ state: 'connecting', attempt: this.#backOff.attempt });
    }
  }

  #isStopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** Connects and stays connected; then tells when to try again, or `undefined` if it was stopped. */
  async #connectOnce(): Promise<number | undefined> {
    const { attempt } = this.#backOff;
    try {
      const client = await this.#world.connect(this.#stopping.signal);
      return await this.#stay(client);
    } catch (error) {
      if (this.#isStopped()) return undefined;
      const csError = asCsError(error);
      const retryInMs = this.#backOff.failed(csError);
      this.#machine.go({ state: 'unavailable', error: csError, attempt, retryInMs });
      return retryInMs;
    }
  }

  async #stay(client: C): Promise<number | undefined> {
    if (this.#isStopped()) {
      client.destroy();
      return undefined;
    }
    const since = performance.now();
    this.#machine.go({ state: 'connected', client });
    client.whenBehind?.((behind) => this.#onBehind(behind));
    const restored = this.#restore(client);
    const error = await client.whenClosed();
    await restored;
    if (error === undefined || this.#isStopped()) return undefined;
    const retryInMs = this.#backOff.lost(error, performance.now() - since);
    this.#machine.go({ state: 'lost', error, retryInMs });
    this.#followers.lost(error);
    return retryInMs;
  }

  async #restore(client: C): Promise<void> {
    await this.#followers.restore(client);
    if (this.#machine.client === client && !client.closed) this.#machine.go({ state: 'resynced', client });
  }
}

function asCsError(error: unknown): CsError {
  if (error instanceof CsError) return error;
  const { message } = asError(error);
  return new CsError('CS_ERR_LIBRARY', { operation: 'connect', detail: message, cause: error });
}
