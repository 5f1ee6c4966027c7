import type { CallOptions } from '../options/call-options.ts';
import type { SessionCore } from './session-core.ts';
import type { SessionClient, SessionStatus } from './session-state.ts';
import type { SessionStatusEvent } from './status-stream.ts';

/** What the session of a service shows of what it is doing, and how it ends. */
export abstract class ServiceSession<C extends SessionClient> implements AsyncDisposable {
  readonly #core: SessionCore<C>;

  /** @internal */
  constructor(core: SessionCore<C>) {
    this.#core = core;
  }

  /** What it is doing now. */
  get status(): SessionStatus {
    return this.#core.status;
  }

  /** The present status and every later one, for any number of readers; ends after `closed`. A slow reader is told what it missed. */
  statuses(): AsyncIterable<SessionStatusEvent> {
    return this.#core.statuses();
  }

  /**
   * Resolves as soon as the session is connected and every follower is up to date, those that were added just now too.
   * @throws CsError CS_ERR_TIMEOUT: not within `timeoutMs` (by default the session's), caused by what went wrong last;
   *   CS_ERR_BAD_HANDLE: the session is closed.
   */
  ready(options?: CallOptions): Promise<void> {
    return this.#core.ready(options);
  }

  /** Lets calls that are under way settle, then ends the connection and every follower. Idempotent. */
  close(): Promise<void> {
    return this.#core.close();
  }

  /** As `close`, at once: calls that are under way fail with a ConnectionError caused by `error`. */
  destroy(error?: Error): void {
    this.#core.destroy(error);
  }

  /** As `close`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
