import type { CpgAddress } from '../codec/cpg/address.ts';
import type { CallOptions } from '../options/call-options.ts';
import { ServiceSession, startSession, type SessionCore } from '../session/index.ts';
import { CpgClient } from './cpg-client.ts';
import { bytesOf, EventStream } from './event-stream.ts';
import type { CpgGroupEvent } from './group-events.ts';
import { resolveGroup, type CpgGroupOptions } from './group-options.ts';
import { MembershipDriver } from './membership-driver.ts';
import { bytesOfMessage, resolveMcastOptions, type CpgMcastOptions } from './sending/mcast-options.ts';

/**
 * A member of a group for as long as its user wants: it waits for corosync to appear, joins, and joins again when the connection is lost. `lost` and
 * `rejoined` stand between the events where that was. Messages are sent once: they wait for a connection until their deadline, and one whose connection is
 * lost rejects, with `sent` for whether it may have gone out.
 */
export class CpgGroup extends ServiceSession<CpgClient> {
  /** The group's name; lossy if it is no text. */
  readonly group: string;
  /** The number by which the group knows this process on this node. */
  readonly pid: number;
  readonly #core: SessionCore<CpgClient>;
  readonly #stream: EventStream<CpgGroupEvent>;
  readonly #driver: MembershipDriver;
  #failure: Error | undefined;
  /** Bytes of messages that wait until we are a member. */
  #waitingBytes = 0;

  private constructor(name: string | Uint8Array, options: CpgGroupOptions) {
    const { connect, timeoutMs, backOff, member, listener } = resolveGroup(name, options);
    const core = startSession<CpgClient>({
      timeoutMs,
      backOff,
      connect: (attempt) => CpgClient.connect({ ...connect, ...attempt }),
    });
    super(core);
    this.#core = core;
    this.group = member.group;
    this.pid = member.pid;
    this.#stream = new EventStream({ listener, maxQueuedBytes: member.maxQueuedBytes, bytesOf });
    this.#driver = new MembershipDriver(member, this.#stream, (error) => this.#fail(error));
    core.addFollower(this.#driver, this.#driver);
  }

  /**
   * Returns at once, and joins in the background, until `close`. It keeps the process alive.
   * @param group 1 to 127 bytes without a NUL
   * @throws CsError CS_ERR_INVALID_PARAM: no group can have such a name, or an option is wrong.
   */
  static open(group: string | Uint8Array, options: CpgGroupOptions = {}): CpgGroup {
    return new CpgGroup(group, options);
  }

  /** Who we are in the group, as events name us: the id of this node, and `pid`. While the connection is lost: who we were; `undefined` before `joined`. */
  get address(): CpgAddress | undefined {
    return this.#driver.address;
  }

  /** The members, as they were told last; `undefined` while we are none. */
  get members(): readonly CpgAddress[] | undefined {
    return this.#driver.members;
  }

  /** Bytes of messages that were given to `mcast` and wait to be sent. */
  get bufferedBytes(): number {
    return this.#waitingBytes + (this.#core.calls.resynced?.bufferedBytes ?? 0);
  }

  /**
   * What the group tells, beginning with `joined`. One loop at a time reads it; what is unread when it is left is for the next one. It ends after `close`,
   * and throws where we cannot be a member: CS_ERR_EXIST, if another process of this node is in the group with our pid; CS_ERR_NO_SPACE, if it was not read
   * in time. **Somebody must read it**, or there must be a `listener`.
   * @throws CsError CS_ERR_INVALID_PARAM: there is a listener; CS_ERR_BUSY: there is a loop already.
   */
  events(): AsyncIterableIterator<CpgGroupEvent, undefined> {
    return this.#stream.read('cpg_dispatch');
  }

  /**
   * Resolves as soon as this process is a member of the group.
   * @throws CsError CS_ERR_TIMEOUT: not within `timeoutMs` (by default the session's), caused by what went wrong last; CS_ERR_BAD_HANDLE: the group is closed;
   *   what `events` throws.
   */
  override async ready(options?: CallOptions): Promise<void> {
    try {
      await super.ready(options);
    } catch (error) {
      throw this.#failure ?? error;
    }
  }

  /**
   * cpg_mcast_joined: sends a message to all members, **once**. While we are none it waits, until its deadline. See CpgClient.mcast.
   * @param message must not be changed before this settles
   */
  mcast(message: string | Uint8Array, options?: CpgMcastOptions): Promise<void> {
    return this.#core.calls.resynced?.mcast(message, options) ?? this.#mcastLater(message, options);
  }

  async #mcastLater(message: string | Uint8Array, options: CpgMcastOptions = {}): Promise<void> {
    const bytes = bytesOfMessage(message);
    const { delivered, ...call } = resolveMcastOptions(options);
    const subject = { operation: 'cpg_mcast_joined', key: this.group };
    const limits = this.#core.calls.limits(subject, call);
    const startedAt = performance.now();
    let waiting = bytes.length;
    this.#waitingBytes += waiting;
    const over = (): void => {
      this.#waitingBytes -= waiting;
      waiting = 0;
    };
    const sent = this.#core.calls.whenIn(['resynced'], subject, limits, (client) => {
      over();
      const { timeoutMs, signal } = limits.restSince(startedAt);
      return client.mcast(bytes, { delivered, timeoutMs, signal });
    });
    return sent.finally(over);
  }

  /** We cannot be a member, and it is no use to try again. */
  #fail(error: Error): void {
    this.#failure = error;
    this.#stream.end(error);
    void this.close();
  }
}
