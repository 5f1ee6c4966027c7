import { checkOptions } from '../options/check-options.ts';
import { object } from '../options/rules.ts';
import { ipcOptions, type ConnectOptions, type ServiceDescription } from '../service/index.ts';
import { BackOff } from './back-off.ts';
import { pause, type SessionWorld } from './reconnection.ts';
import { SessionCore } from './session-core.ts';
import { resolveBackOff, sessionRules, type BackOffOptions, type SessionOptions } from './session-options.ts';
import type { SessionClient } from './session-state.ts';

/** A session has a back-off of its own and tells of each attempt: its connections ask once. */
const ASK_ONCE = { tryAgainAttempts: 0 } as const;

/** What each attempt to connect has of its own, beside the user's options. */
type Attempt = typeof ASK_ONCE & { readonly signal: AbortSignal };

/** The options of a session, checked each by itself, and how it connects. */
export interface SessionStart<C> {
  readonly timeoutMs: number;
  readonly backOff: BackOffOptions | undefined;
  readonly connect: (attempt: Attempt) => Promise<C>;
}

/**
 * Begins to connect.
 * @param world a test has its own
 * @throws CsError CS_ERR_INVALID_PARAM: the delays do not go together
 */
export function startSession<C extends SessionClient>(
  { timeoutMs, backOff, connect }: SessionStart<C>,
  world: SessionWorld<C> = { connect: (signal) => connect({ ...ASK_ONCE, signal }), pause },
): SessionCore<C> {
  return new SessionCore({ world, timeoutMs, backOff: new BackOff(resolveBackOff(backOff)) });
}

/**
 * The same for a service whose session has no options of its own, which are checked first.
 * @throws CsError CS_ERR_INVALID_PARAM: an option is wrong
 */
export function startServiceSession<C extends SessionClient>(
  options: SessionOptions,
  service: ServiceDescription,
  connect: (options: ConnectOptions) => Promise<C>,
): SessionCore<C> {
  const rule = object<SessionOptions>('a session', sessionRules(service));
  const { backOff, ...given } = checkOptions({ operation: 'session' }, options, rule);
  const { timeoutMs } = ipcOptions(given, service);
  return startSession({ timeoutMs, backOff, connect: (attempt) => connect({ ...given, ...attempt }) });
}
