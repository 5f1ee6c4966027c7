import { checkOptions } from '../options/check-options.ts';
import type { CallOptions } from '../options/call-options.ts';
import { object } from '../options/rules.ts';
import { resolveConnectOptions, type ConnectOptions, type ServiceDescription } from '../service/index.ts';
import { BackOff } from './back-off.ts';
import { pause, type SessionWorld } from './reconnection.ts';
import { SessionCore } from './session-core.ts';
import { ASK_ONCE, resolveBackOff, sessionRules, type SessionOptions } from './session-options.ts';
import type { SessionClient, SessionStatus } from './session-state.ts';
import type { SessionStatusEvent } from './status-stream.ts';

/** The options of a session, checked, and its world. */
export interface SessionSetting<C> {
  readonly world: SessionWorld<C>;
  readonly timeoutMs: number;
  readonly backOff: BackOff;
}

/**
 * Checks the options of a session and fills in the defaults.
 * @throws CsError CS_ERR_INVALID_PARAM: an option is wrong
 */
export function sessionSetting<C>(
  options: SessionOptions,
  service: ServiceDescription,
  connect: (options: ConnectOptions) => Promise<C>,
): SessionSetting<C> {
  const rule = object<SessionOptions>('a session', sessionRules(service));
  const { backOff, ...given } = checkOptions({ operation: 'session' }, options, rule);
  const { timeoutMs } = resolveConnectOptions(given, service);
  const once = Object.freeze({ ...given, ...ASK_ONCE });
  return {
    world: { connect: (signal) => connect({ ...once, signal }), pause },
    timeoutMs,
    backOff: new BackOff(resolveBackOff(backOff)),
  };
}

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
