import type { TurnKind } from '../../codec/message.ts';
import { WaitLadder } from '../calls/wait-ladder.ts';
import type { Copies } from '../copies/copies.ts';
import { CHOOSING, isForOther, NO_TURN, ticketOf, turnAt, turnWord } from '../copies/layout.ts';
import type { OtherCopy } from '../copies/other-copy.ts';
import type { Outside } from './turn-gate.ts';

/** Milliseconds for which it is good to know that nobody waits for the other kind. */
const WANTED_MS = 1;
/** Milliseconds in which turns of a process that is not held up by anything come and go: so long the end of one is looked for at once. */
const EAGER_MS = 100;

/** Milliseconds for which a turn that nobody uses is kept while no other copy is known: to take and leave it takes a third as long as a change. */
const KEPT_MS = 2;

/** A turn that this copy could have left. */
interface KeptTurn {
  readonly kind: TurnKind;
  /** The copy, which is another one when it has left and come again. */
  readonly id: bigint;
}

interface Wish {
  readonly kind: TurnKind;
  readonly since: number;
  readonly acquired: () => void;
  ticket: bigint | undefined;
}

/**
 * The turns of one place among the copies of the library in this process: Lamport's bakery. Whoever wants a turn takes a ticket that is
 * higher than all he sees, and waits for everybody of the other kind with a lower one; the smaller id decides between equal
 * ones. So of two copies that want turns of different kinds one waits for the other, whoever else comes, and no longer than for one turn.
 */
export class ProcessTurn implements Outside {
  readonly #copies: Copies;
  readonly #at: number;
  readonly #ladder = new WaitLadder(() => this.#lookAgain(), EAGER_MS);
  #kind: TurnKind | undefined;
  #wish: Wish | undefined;
  #hindrance: string | undefined;
  #lookedAt = -Infinity;
  #kept: KeptTurn | undefined;
  #keeping: NodeJS.Timeout | undefined;
  #isWanted = false;

  constructor(copies: Copies, place: number) {
    this.#copies = copies;
    this.#at = turnAt(place);
  }

  acquire(kind: TurnKind, acquired: () => void): boolean {
    this.#kind = kind;
    if (this.#goOnWithKept(kind)) return true;
    this.#isWanted = false;
    this.#lookedAt = performance.now();
    if (this.#acquireAlone(kind)) return true;
    this.#wish = { kind, since: performance.now(), acquired, ticket: undefined };
    if (this.#mayEnter(this.#wish)) return true;
    this.#ladder.reset();
    this.#ladder.wait(0);
    return false;
  }

  release(): void {
    const kind = this.#wish === undefined ? this.#kind : undefined;
    this.#ladder.cancel();
    this.#wish = undefined;
    this.#hindrance = undefined;
    if (kind !== undefined && !this.#copies.knowsOthers) this.#keep(kind);
    else this.#copies.write(this.#at, NO_TURN);
  }

  isWanted(): boolean {
    const now = performance.now();
    if (now - this.#lookedAt < WANTED_MS) return this.#isWanted;
    this.#lookedAt = now;
    this.#isWanted = this.#isWantedNow();
    return this.#isWanted;
  }

  hindrance(): string | undefined {
    return this.#hindrance;
  }

  /** Whoever comes meanwhile waits, and is noticed at the next turn, or when the time is over. */
  #keep(kind: TurnKind): void {
    this.#kept = { kind, id: this.#copies.id };
    this.#keeping ??= setTimeout(() => this.#letKeptGo(), KEPT_MS).unref();
  }

  #letKeptGo(): void {
    this.#keeping = undefined;
    const kept = this.#kept;
    this.#kept = undefined;
    if (kept?.id === this.#copies.id) this.#copies.write(this.#at, NO_TURN);
  }

  /** A kept turn stands where others see it, so that none of the other kind is in. */
  #goOnWithKept(kind: TurnKind): boolean {
    const kept = this.#kept;
    this.#kept = undefined;
    return (
      kept?.kind === kind && kept.id === this.#copies.id && !this.isWanted() && !this.#copies.knowsOthers
    );
  }

  /** Who knows of nobody, and finds no news after he has shown his ticket, is seen by whoever comes. */
  #acquireAlone(kind: TurnKind): boolean {
    if (this.#copies.knowsOthers) return false;
    this.#copies.write(this.#at, turnWord(kind, 1n));
    try {
      return this.#copies.others().length === 0;
    } catch {
      return false; // it is tried again, as long as somebody waits
    }
  }

  #lookAgain(): void {
    const wish = this.#wish;
    if (wish === undefined) return;
    if (this.#mayEnter(wish)) wish.acquired();
    else this.#ladder.wait(performance.now() - wish.since);
  }

  #mayEnter(wish: Wish): boolean {
    try {
      const ticket = (wish.ticket ??= this.#takeTicket(wish.kind));
      const blocker = this.#copies.others().find((other) => this.#isBefore(other, wish.kind, ticket));
      this.#hindrance =
        blocker && `${blocker.name} of this process lists or changes keys, and the two take turns`;
      if (blocker === undefined) this.#wish = undefined;
      return blocker === undefined;
    } catch (error) {
      // Others must not wait for one who cannot tell when it is his turn.
      wish.ticket = undefined;
      this.#copies.write(this.#at, NO_TURN);
      const message = error instanceof Error ? error.message : String(error);
      this.#hindrance = `the other threads of this process cannot be looked at: ${message}`;
      return false;
    }
  }

  #takeTicket(kind: TurnKind): bigint {
    this.#copies.write(this.#at, CHOOSING);
    const tickets = this.#copies.others().map((other) => ticketOf(other.read(this.#at)));
    const highest = tickets.reduce((most, ticket) => (ticket > most ? ticket : most), 0n);
    this.#copies.write(this.#at, turnWord(kind, highest + 1n));
    return highest + 1n;
  }

  #isBefore(other: OtherCopy, kind: TurnKind, ticket: bigint): boolean {
    const turn = other.read(this.#at);
    if (turn !== CHOOSING) {
      if (!isForOther(turn, kind)) return false;
      const theirs = ticketOf(turn);
      if (theirs > ticket || (theirs === ticket && other.id > this.#copies.id)) return false;
    }
    return !other.isOver();
  }

  #isWantedNow(): boolean {
    const kind = this.#kind;
    if (kind === undefined) return false;
    try {
      return this.#copies.others().some((other) => isForOther(other.read(this.#at), kind) && !other.isOver());
    } catch {
      return true;
    }
  }
}
