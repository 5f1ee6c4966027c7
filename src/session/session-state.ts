import type { ConnectionError, CsError } from '../errors/index.ts';

/** What a session needs of the client that it keeps connected. */
export interface SessionClient {
  readonly closed: boolean;
  /** Whether events may wait inside corosync. */
  readonly behind?: boolean;
  /** Calls back each time that `behind` changes. */
  whenBehind?(listener: (behind: boolean) => void): void;
  whenClosed(): Promise<ConnectionError | undefined>;
  close(): Promise<void>;
  destroy(error?: Error): void;
}

/** What a session is doing, as its user sees it. */
export type SessionStatus =
  /** Trying to connect; `attempt` counts from 1 since the last connection that lasted. */
  | { readonly state: 'connecting'; readonly attempt: number }
  /** Connected; followers are being brought up to date. */
  | { readonly state: 'connected' }
  /**
   * Every follower is up to date and hears of changes as they happen; but where `behind` says so, more happens than could be told in time,
   * and what is known may be old. `statuses()` tells when that begins, and when it has been over for a while.
   */
  | { readonly state: 'resynced'; readonly behind?: true }
  /** The connection was lost because of `error`. */
  | { readonly state: 'lost'; readonly error: CsError; readonly retryInMs: number }
  /** An attempt to connect has failed because of `error`. */
  | {
      readonly state: 'unavailable';
      readonly error: CsError;
      readonly attempt: number;
      readonly retryInMs: number;
    }
  /** Closed by its user; the last status. */
  | { readonly state: 'closed' };

export type SessionStateName = SessionStatus['state'];

/** The same, with what the session holds in it. */
export type SessionState<C> =
  | Exclude<SessionStatus, { state: 'connected' | 'resynced' }>
  | { readonly state: 'connected' | 'resynced'; readonly client: C };

const NEXT: Readonly<Record<SessionStateName, readonly SessionStateName[]>> = {
  connecting: ['connected', 'unavailable', 'closed'],
  connected: ['resynced', 'lost', 'closed'],
  resynced: ['lost', 'closed'],
  lost: ['connecting', 'closed'],
  unavailable: ['connecting', 'closed'],
  closed: [],
};

/** The one state of a session. A transition that makes no sense is a mistake of ours, and throws. */
export class SessionStateMachine<C> {
  #state: SessionState<C> = { state: 'connecting', attempt: 1 };
  readonly #onChange: (state: SessionState<C>) => void;

  constructor(onChange: (state: SessionState<C>) => void) {
    this.#onChange = onChange;
  }

  get state(): SessionState<C> {
    return this.#state;
  }

  /** The connection, while there is one. */
  get client(): C | undefined {
    return 'client' in this.#state ? this.#state.client : undefined;
  }

  go(next: SessionState<C>): void {
    if (!NEXT[this.#state.state].includes(next.state)) {
      throw new Error(`a session cannot go from ${this.#state.state} to ${next.state}`);
    }
    this.#state = next;
    this.#onChange(next);
  }
}

/** Without what is the session's own. */
export function statusOf(state: SessionState<Pick<SessionClient, 'behind'>>): SessionStatus {
  if (!('client' in state)) return state;
  return state.state === 'resynced' && state.client.behind === true
    ? { state: 'resynced', behind: true }
    : { state: state.state };
}
