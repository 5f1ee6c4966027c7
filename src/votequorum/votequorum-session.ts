import type { VotequorumInfo } from '../codec/votequorum/get-info.ts';
import type { RingId } from '../codec/ring-id.ts';
import type { CallOptions } from '../options/call-options.ts';
import { checkOptions } from '../options/check-options.ts';
import { integer, object } from '../options/rules.ts';
import type { ReadAccess } from '../service/index.ts';
import {
  ServiceSession,
  startServiceSession,
  StateFollower,
  type SessionCore,
  type SessionOptions,
} from '../session/index.ts';
import { READER_DEFAULTS, readerRules, type ReaderOptions } from '../streams/reader-options.ts';
import { VOTEQUORUM_SERVICE } from './connect-options.ts';
import type {
  VotequorumFollowChange,
  VotequorumFollower,
  VotequorumFollowEvent,
  VotequorumFollowFound,
  VotequorumState,
} from './follow-events.ts';
import { followVotequorum } from './follower.ts';
import type { VotequorumDeviceName } from './qdevice.ts';
import type { VotequorumChangeOptions } from './vote-changes.ts';
import { VotequorumClient } from './votequorum-client.ts';

/** How to reach corosync's votequorum service, and how hard to try. */
export type VotequorumSessionOptions = SessionOptions;

/** How the events of a follower reach their reader, and how often votes are read. */
export interface VotequorumFollowOptions extends ReaderOptions<VotequorumFollowEvent> {
  /** Milliseconds, 100 to 86400000, after which what no event tells is read again. Default 10000. */
  readonly readEveryMs?: number | undefined;
}

const DEFAULTS = { ...READER_DEFAULTS, readEveryMs: 10_000 } as const;
const followRule = object<VotequorumFollowOptions, typeof DEFAULTS>(
  'follow',
  { ...readerRules<VotequorumFollowEvent>(), readEveryMs: integer(100, 86_400_000) },
  { defaults: DEFAULTS },
);

type Driver = StateFollower<
  VotequorumClient,
  VotequorumState,
  VotequorumFollowChange | VotequorumFollowFound
>;

/**
 * Votes and membership for as long as its user wants: it waits for corosync to appear, connects again when it is lost, and brings every follower up to
 * date. Calls wait for a connection until their deadline. Of calls whose connection is lost, `getInfo` is made again. **All other calls change the cluster**,
 * and are never made twice.
 */
export class VotequorumSession extends ServiceSession<VotequorumClient> {
  readonly #core: SessionCore<VotequorumClient>;

  private constructor(options: VotequorumSessionOptions) {
    const core = startServiceSession(options, VOTEQUORUM_SERVICE, (connect) =>
      VotequorumClient.connect(connect),
    );
    super(core);
    this.#core = core;
  }

  /**
   * Returns at once, and connects in the background, until `close`. It keeps the process alive.
   * @throws CsError CS_ERR_INVALID_PARAM: an option is wrong.
   */
  static open(options: VotequorumSessionOptions & ReadAccess): ReadOnlyVotequorumSession;
  static open(options?: VotequorumSessionOptions): VotequorumSession;
  static open(options: VotequorumSessionOptions = {}): VotequorumSession {
    return new VotequorumSession(options);
  }

  /** votequorum_getinfo. See VotequorumClient.getInfo. */
  async getInfo(nodeId = 0, options?: CallOptions): Promise<VotequorumInfo> {
    const subject = { operation: 'votequorum_getinfo', key: `node ${nodeId}` };
    return this.#core.calls.read(subject, options, (client, rest) => client.getInfo(nodeId, rest));
  }

  /**
   * Follows votes and membership: a snapshot of what holds, then every change, across any number of reconnects. Votes, and whether a quorum device is
   * alive and votes, change without any event: they are read after each event, and every `readEveryMs`.
   * @throws CsError CS_ERR_INVALID_PARAM: an option is wrong; CS_ERR_BAD_HANDLE: the session is closed.
   */
  follow(options: VotequorumFollowOptions = {}): VotequorumFollower {
    const { readEveryMs, ...reader } = checkOptions({ operation: 'follow' }, options, followRule);
    this.#core.checkOpen({ operation: 'follow' });
    const follower: Driver = new StateFollower(reader, followVotequorum(readEveryMs), () =>
      this.#core.removeFollower(follower),
    );
    this.#core.addFollower(follower, follower);
    return follower;
  }

  /** **Changes the cluster, and is made once.** See VotequorumClient.setExpected. */
  async setExpected(votes: number, options: VotequorumChangeOptions = {}): Promise<void> {
    await this.#once('votequorum_setexpected', options, (client, limits) =>
      client.setExpected(votes, limits),
    );
  }

  /** **Changes the cluster, and is made once.** See VotequorumClient.setVotes. */
  async setVotes(nodeId: number, votes: number, options: VotequorumChangeOptions = {}): Promise<void> {
    await this.#once('votequorum_setvotes', options, (client, limits) =>
      client.setVotes(nodeId, votes, limits),
    );
  }

  /** **Changes the cluster, and is made once.** See VotequorumClient.qdeviceRegister. */
  async qdeviceRegister(name: VotequorumDeviceName, options: CallOptions = {}): Promise<void> {
    await this.#once('votequorum_qdevice_register', options, (client, limits) =>
      client.qdeviceRegister(name, limits),
    );
  }

  /** **Changes the cluster, and is made once.** See VotequorumClient.qdeviceUnregister. */
  async qdeviceUnregister(name: VotequorumDeviceName, options: CallOptions = {}): Promise<void> {
    await this.#once('votequorum_qdevice_unregister', options, (client, limits) =>
      client.qdeviceUnregister(name, limits),
    );
  }

  /** **Changes the cluster, and is made once.** See VotequorumClient.qdeviceUpdate. */
  async qdeviceUpdate(
    oldName: VotequorumDeviceName,
    newName: VotequorumDeviceName,
    options: CallOptions = {},
  ): Promise<void> {
    await this.#once('votequorum_qdevice_update', options, (client, limits) =>
      client.qdeviceUpdate(oldName, newName, limits),
    );
  }

  /** **Changes the cluster, and is made once.** See VotequorumClient.qdeviceMasterWins. */
  async qdeviceMasterWins(
    name: VotequorumDeviceName,
    allow: boolean,
    options: CallOptions = {},
  ): Promise<void> {
    await this.#once('votequorum_qdevice_master_wins', options, (client, limits) =>
      client.qdeviceMasterWins(name, allow, limits),
    );
  }

  /** **Changes the cluster, and is made once.** See VotequorumClient.qdevicePoll. */
  async qdevicePoll(
    name: VotequorumDeviceName,
    castVote: boolean,
    ringId: RingId,
    options: CallOptions = {},
  ): Promise<void> {
    await this.#once('votequorum_qdevice_poll', options, (client, limits) =>
      client.qdevicePoll(name, castVote, ringId, limits),
    );
  }

  /** What the session waits for counts, and the rest is the client's. */
  #once<O extends CallOptions>(
    operation: string,
    { timeoutMs, signal, ...more }: O,
    call: (client: VotequorumClient, options: CallOptions & Omit<O, keyof CallOptions>) => Promise<void>,
  ): Promise<void> {
    return this.#core.calls.once({ operation }, { timeoutMs, signal }, (client, limits) =>
      call(client, { ...more, timeoutMs: limits.timeoutMs, signal: limits.signal }),
    );
  }
}

/** A session that was opened with `access: 'read'`: it has no call that changes something. */
export type ReadOnlyVotequorumSession = Pick<
  VotequorumSession,
  'getInfo' | 'follow' | keyof ServiceSession<VotequorumClient>
>;
