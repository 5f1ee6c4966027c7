import { within } from '../ipc/index.ts';
import type { CallOptions } from '../options/call-options.ts';
import { BacklogStatus } from './backlog-status.ts';
import type { BackOff } from './back-off.ts';
import { Followers, type FollowerDriver } from './followers.ts';
import { Reconnection, type SessionWorld } from './reconnection.ts';
import type { CallSubject } from '../service/index.ts';
import { SessionCalls, sessionClosed } from './session-calls.ts';
import { SessionStateMachine, statusOf, type SessionClient, type SessionStatus } from './session-state.ts';
import { StatusStream, type SessionStatusEvent } from './status-stream.ts';

/** What a session is made with. */
export interface SessionCoreOptions<C> {
  readonly world: SessionWorld<C>;
  readonly backOff: BackOff;
  /** Milliseconds that a call has by default, the wait for a connection included. */
  readonly timeoutMs: number;
}

/**
 * What the session of each service is made of: it keeps a client connected for as long as its user wants, makes his calls on the
 * connection that there is or on the next one, and brings his followers up to date on each.
 */
export class SessionCore<C extends SessionClient> {
  readonly calls: SessionCalls<C>;
  readonly #statuses: StatusStream;
  readonly #machine: SessionStateMachine<C>;
  readonly #followers = new Followers<C>();
  readonly #reconnection: Reconnection<C>;
  readonly #ended: Promise<void>;
  readonly #backlog = new BacklogStatus(() => {
    if (this.status.state === 'resynced') this.#statuses.push(this.status);
  });
  /** The connection that there was when the session was closed. */
  #lastClient: C | undefined;

  constructor({ world, backOff, timeoutMs }: SessionCoreOptions<C>) {
    this.#machine = new SessionStateMachine((state) => {
      this.#statuses.push(statusOf(state));
      this.calls.stateChanged();
    });
    this.#statuses = new StatusStream(this.status);
    this.calls = new SessionCalls(this.#machine, timeoutMs);
    this.#reconnection = new Reconnection(this.#machine, this.#followers, world, backOff, (behind) =>
      this.#backlog.turned(behind),
    );
    this.#ended = this.#reconnection.run();
  }

  get status(): SessionStatus {
    return statusOf(this.#machine.state);
  }

  statuses(): AsyncIterable<SessionStatusEvent> {
    return this.#statuses.read();
  }

  /** Resolves as soon as it is connected and every follower is up to date, those that were added just now too. */
  async ready(options?: CallOptions): Promise<void> {
    const subject = { operation: 'ready' };
    const limits = this.calls.limits(subject, options);
    const { timeoutMs, signal } = limits;
    const startedAt = performance.now();
    for (;;) {
      await this.calls.whenIn(['resynced'], subject, limits.restSince(startedAt), () => Promise.resolve());
      const attached = this.#followers.whenAttached();
      if (attached === undefined) return;
      await within(attached, { ...subject, timeoutMs, signal, startedAt });
    }
  }

  /** @throws CsError CS_ERR_BAD_HANDLE: the session is closed. */
  checkOpen(subject: CallSubject): void {
    if (this.status.state === 'closed') throw sessionClosed(subject);
  }

  /** From now on each connection brings the follower up to date, the present one first. */
  addFollower(follower: object, driver: FollowerDriver<C>): void {
    this.#followers.add(follower, driver, this.#machine.client);
  }

  removeFollower(follower: object): void {
    this.#followers.remove(follower);
  }

  /** Lets calls that are under way settle, then ends the connection and every follower. Idempotent. */
  async close(): Promise<void> {
    this.#end();
    await this.#lastClient?.close();
    await this.#ended;
  }

  /** As `close`, at once: calls that are under way fail with a ConnectionError caused by `error`. */
  destroy(error?: Error): void {
    this.#end();
    this.#lastClient?.destroy(error);
  }

  #end(): void {
    if (this.status.state === 'closed') return;
    this.#lastClient = this.#machine.client;
    this.#reconnection.stop();
    this.#backlog.stop();
    this.#machine.go({ state: 'closed' });
    this.#followers.end();
  }
}
