import type { AnyMessage, TurnKind } from '../../codec/message.ts';
import type { TurnGate, TurnSeeker } from './turn-gate.ts';

const TURNS_OF_COPY = 'lists or changes of this process are under way, and the two take turns';

/**
 * The turns of one connection: a batch that lists or changes keys goes out when it is its turn, which ends with the batch's last
 * answer. While an iterator rests at corosync, the turn goes on.
 */
export class BatchTurn implements TurnSeeker {
  readonly #gate: TurnGate;
  readonly #whenLetGo: (letGo: () => void) => void;
  readonly #ended: () => void;
  /** Handles of what rests at corosync, and of what will not any more when the batch is over. */
  readonly #resting = new Set<bigint>();
  readonly #ending = new Set<bigint>();
  #held: TurnKind | undefined;
  #sought: TurnKind | undefined;
  #wake: () => void = () => undefined;

  /**
   * @param whenLetGo calls back when corosync has let go of the connection, after we have closed it
   * @param ended called when the connection is closed and has no turn any more
   */
  constructor(gate: TurnGate, whenLetGo: (letGo: () => void) => void, ended: () => void) {
    this.#gate = gate;
    this.#whenLetGo = whenLetGo;
    this.#ended = ended;
  }

  /** @param wake called when a request that had to wait may go out */
  onEntered(wake: () => void): void {
    this.#wake = wake;
  }

  /** Why a request waits for its turn, if one does. */
  get hindrance(): string | undefined {
    return this.#sought === undefined ? undefined : (this.#gate.hindrance ?? TURNS_OF_COPY);
  }

  /**
   * Whether the request may go out in the batch as it stands.
   * @param isFirst it begins the batch: if it must wait, there will be a call when it need not any more
   */
  admits({ turn }: AnyMessage, isFirst: boolean): boolean {
    if (turn === undefined || turn === this.#held) return true;
    if (this.#held !== undefined) {
      if (!isFirst || this.#resting.size > 0) return false;
      this.#leave();
    }
    return this.#enter(turn, isFirst);
  }

  /** The request is part of the batch. */
  took(message: AnyMessage): void {
    if (message.answer === 'never') return;
    if (message.rests !== undefined) this.#resting.add(message.rests);
    if (message.ends !== undefined) this.#ending.add(message.ends);
  }

  /** The batch has all its answers, or there is nothing to send. */
  batchOver(): void {
    for (const handle of this.#ending) this.#resting.delete(handle);
    this.#ending.clear();
    if (this.#held !== undefined && this.#resting.size === 0) this.#leave();
  }

  /**
   * The connection is closed. What is under way may still be handled, and what rests at corosync still rests.
   * @param serverGone corosync has closed the connection, or died
   */
  abandon(serverGone: boolean): void {
    this.#stopSeeking();
    this.#wake = () => undefined;
    if (this.#held === undefined) return this.#ended();
    this.#held = undefined;
    const end = (): void => {
      this.#gate.leave();
      this.#ended();
    };
    if (serverGone) end();
    else this.#whenLetGo(end);
  }

  entered(): void {
    this.#held = this.#sought;
    this.#sought = undefined;
    this.#wake();
  }

  #enter(turn: TurnKind, isFirst: boolean): boolean {
    if (turn === this.#sought) return false;
    this.#stopSeeking();
    if (this.#gate.enter(turn, isFirst ? this : undefined)) {
      this.#held = turn;
      return true;
    }
    if (isFirst) this.#sought = turn;
    return false;
  }

  #leave(): void {
    this.#held = undefined;
    this.#gate.leave();
  }

  #stopSeeking(): void {
    if (this.#sought === undefined) return;
    this.#sought = undefined;
    this.#gate.cancel(this);
  }
}
