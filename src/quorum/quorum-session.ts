import type { CallOptions } from '../options/call-options.ts';
import { checkOptions } from '../options/check-options.ts';
import { object } from '../options/rules.ts';
import {
  ServiceSession,
  startServiceSession,
  StateFollower,
  type SessionCore,
  type SessionOptions,
} from '../session/index.ts';
import { READER_DEFAULTS, readerRules, type ReaderOptions } from '../streams/reader-options.ts';
import { QUORUM_SERVICE } from './connect-options.ts';
import type { QuorumFollowChange, QuorumFollower, QuorumFollowEvent, QuorumState } from './follow-events.ts';
import { followQuorum } from './follower.ts';
import { QuorumClient } from './quorum-client.ts';

/** How to reach corosync's quorum service, and how hard to try. */
export type QuorumSessionOptions = SessionOptions;

/** How the events of a follower reach their reader. */
export type QuorumFollowOptions = ReaderOptions<QuorumFollowEvent>;

const followRule = object<QuorumFollowOptions, typeof READER_DEFAULTS>(
  'follow',
  readerRules<QuorumFollowEvent>(),
  { defaults: READER_DEFAULTS },
);

/**
 * Membership and quorum for as long as its user wants: it waits for corosync to appear, connects again when it is lost, and brings every
 * follower up to date. Calls wait for a connection until their deadline; one whose connection is lost is made again, for it changes nothing.
 */
export class QuorumSession extends ServiceSession<QuorumClient> {
  readonly #core: SessionCore<QuorumClient>;

  private constructor(options: QuorumSessionOptions) {
    const core = startServiceSession(options, QUORUM_SERVICE, (connect) => QuorumClient.connect(connect));
    super(core);
    this.#core = core;
  }

  /**
   * Returns at once, and connects in the background, until `close`. It keeps the process alive.
   * @throws CsError CS_ERR_INVALID_PARAM: an option is wrong.
   */
  static open(options: QuorumSessionOptions = {}): QuorumSession {
    return new QuorumSession(options);
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
    const follower = new StateFollower<QuorumClient, QuorumState, QuorumFollowChange>(
      checked,
      followQuorum,
      () => this.#core.removeFollower(follower),
    );
    this.#core.addFollower(follower, follower);
    return follower;
  }
}
