import type { CallOptions } from '../options/call-options.ts';
import { checkOptions } from '../options/check-options.ts';
import { object } from '../options/rules.ts';
import {
  ASK_ONCE,
  BackOff,
  pause,
  resolveBackOff,
  SessionCore,
  sessionRules,
  type SessionOptions,
  type SessionStatus,
  type SessionStatusEvent,
  type SessionWorld,
} from '../session/index.ts';
import { READER_DEFAULTS, readerRules, type ReaderOptions } from '../streams/reader-options.ts';
import { QUORUM_SERVICE, resolveQuorumOptions, type QuorumConnectOptions } from './connect-options.ts';
import type { QuorumFollower, QuorumFollowEvent } from './follow-events.ts';
import { StateFollower } from './follower.ts';
import { QuorumClient } from './quorum-client.ts';

/** How to reach corosync's quorum service, and how hard to try. */
export type QuorumSessionOptions = SessionOptions;

const sessionRule = object<QuorumSessionOptions>('a session', sessionRules(QUORUM_SERVICE));

/** How the events of a follower reach their reader. */
export type QuorumFollowOptions = ReaderOptions<QuorumFollowEvent>;

const followRule = object<QuorumFollowOptions, typeof READER_DEFAULTS>(
  'follow',
  readerRules<QuorumFollowEvent>(),
  { defaults: READER_DEFAULTS },
);

interface Resolved {
  readonly connect: QuorumConnectOptions;
  readonly timeoutMs: number;
  readonly backOff: BackOff;
}

/**
 * Membership and quorum for as long as its user wants: it waits for corosync to appear, connects again when it is lost, and brings every
 * follower up to date. Calls wait for a connection until their deadline; one whose connection is lost is made again, for it changes nothing.
 */
export class QuorumSession implements AsyncDisposable {
  readonly #core: SessionCore<QuorumClient>;

  private constructor({ timeoutMs, backOff }: Resolved, world: SessionWorld<QuorumClient>) {
    this.#core = new SessionCore({ world, timeoutMs, backOff });
  }

  /**
   * Returns at once, and connects in the background, until `close`. It keeps the process alive.
   * @throws CsError CS_ERR_INVALID_PARAM: an option is wrong.
   */
  static open(options: QuorumSessionOptions = {}): QuorumSession {
    const resolved = resolve(options);
    const connect = (signal: AbortSignal): Promise<QuorumClient> =>
      QuorumClient.connect({ ...resolved.connect, signal });
    return new QuorumSession(resolved, { connect, pause });
  }

  /** @internal */
  static openIn(world: SessionWorld<QuorumClient>, options: QuorumSessionOptions): QuorumSession {
    return new QuorumSession(resolve(options), world);
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

  /** quorum_getquorate. See QuorumClient.getQuorate. */
  async getQuorate(options?: CallOptions): Promise<boolean> {
    const subject = { operation: 'quorum_getquorate' };
    return this.#core.calls.read(subject, options, (client, rest) => client.getQuorate(rest));
  }

  /**
   * Follows membership and quorum: a snapshot of what holds, then every change, across any number of reconnects.
   * @throws CsError CS_ERR_INVALID_PARAM: an option is wrong; CS_ERR_BAD_HANDLE: the session is closed.
   */
  follow(options: QuorumFollowOptions = {}): QuorumFollower {
    const checked = checkOptions({ operation: 'follow' }, options, followRule);
    this.#core.checkOpen({ operation: 'follow' });
    const follower: StateFollower = new StateFollower(checked, () => this.#core.removeFollower(follower));
    this.#core.addFollower(follower, follower);
    return follower;
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

function resolve(options: QuorumSessionOptions): Resolved {
  const { backOff, ...given } = checkOptions({ operation: 'session' }, options, sessionRule);
  const { timeoutMs } = resolveQuorumOptions(given);
  return {
    connect: Object.freeze({ ...given, ...ASK_ONCE }),
    timeoutMs,
    backOff: new BackOff(resolveBackOff(backOff)),
  };
}
