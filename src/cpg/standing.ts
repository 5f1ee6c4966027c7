import { ConnectionError, CsError } from '../errors/index.ts';
import { Deferred } from '../ipc/index.ts';
import type { CpgMembershipEvent } from './cpg-events.ts';

/** What a process is to its group. */
type State =
  /** Has not asked yet. */
  | 'new'
  /** Has asked, or is about to: nothing counts until its own change of members. */
  | 'joining'
  | 'joined'
  | 'leaving'
  /** What comes is no business of ours any more, though corosync goes on sending it. */
  | 'left'
  /** The connection has ended. */
  | 'ended';

/** How a process stands to its group, from its joining to its leaving, and those who wait for that. */
export class Standing {
  readonly #group: string;
  readonly #joined = new Deferred<CpgMembershipEvent>();
  readonly #left = new Deferred<void>();
  #state: State = 'new';

  constructor(group: string) {
    this.#group = group;
  }

  get state(): State {
    return this.#state;
  }

  /** Whether what comes is for us. */
  get hears(): boolean {
    return this.#state === 'joined' || this.#state === 'leaving';
  }

  /** Resolves with the change of members that is our own joining. Rejects when the connection ends before. */
  get whenJoined(): Promise<CpgMembershipEvent> {
    return this.#joined.promise;
  }

  /** Resolves when the group has ordered our leave. Rejects when the connection ends before. */
  get whenLeft(): Promise<void> {
    return this.#left.promise;
  }

  asksToJoin(): void {
    this.#state = 'joining';
  }

  hasJoined(how: CpgMembershipEvent): void {
    this.#state = 'joined';
    this.#joined.resolve(how);
  }

  asksToLeave(): void {
    if (this.#state === 'joined') this.#state = 'leaving';
  }

  /** The leave came to nothing. */
  stays(): void {
    if (this.#state === 'leaving') this.#state = 'joined';
  }

  /** @throws ConnectionError CS_ERR_LIBRARY: we have not asked for it */
  isOut(): void {
    if (this.#state !== 'leaving') throw this.#thrownOut();
    this.#state = 'left';
  }

  /** All that was ours has come. */
  hasLeft(): void {
    this.#left.resolve();
  }

  ended(error: ConnectionError): void {
    this.#state = 'ended';
    this.#joined.reject(error);
    this.#left.reject(error);
  }

  /** @throws CsError CS_ERR_NOT_EXIST: we are no member, and why. Of a connection that is gone, the connection says why. */
  checkJoined(operation: string): void {
    if (this.#state === 'joined' || this.#state === 'ended') return;
    const detail = {
      new: 'this connection has not joined a group; join one first',
      joining: 'the join is not complete yet; wait for it first',
      leaving: 'this connection is leaving its group',
      left: 'this connection has left its group; make another one to join again',
    }[this.#state];
    throw new CsError('CS_ERR_NOT_EXIST', { operation, key: this.#group, detail });
  }

  #thrownOut(): ConnectionError {
    const detail = 'corosync says that this process has left the group, which it did not ask for';
    return new ConnectionError('CS_ERR_LIBRARY', { operation: 'cpg_dispatch', key: this.#group, detail });
  }
}
