import type { TurnKind } from '../../codec/message.ts';

/** Who waits at a gate. */
export interface TurnSeeker {
  /** It is in, and must leave. */
  entered(): void;
}

/** The others of this process that take turns with us, beyond this copy of the library. */
export interface Outside {
  /** True: they are shut out of turns of the other kind until `release`. Otherwise calls back, once, when they are, unless released before. */
  acquire(kind: TurnKind, acquired: () => void): boolean;
  release(): void;
  /** Who has their turn, while one is waited for. */
  hindrance(): string | undefined;
  /** Whether one of them waits for a turn of the other kind. */
  isWanted(): boolean;
}

interface Waiting {
  readonly kind: TurnKind;
  readonly seeker: TurnSeeker;
}

/**
 * Turns at one map of one corosync: any number of lists at a time, or any number of changes, but never both (group mutual exclusion).
 * Whoever comes while the other kind waits gets in after it: so each waits for one turn of the other kind at most.
 */
export class TurnGate {
  readonly #outside: Outside;
  #waiting: Waiting[] = [];
  #inside = 0;
  #kind: TurnKind | undefined;
  /** The kind for which we wait outside. */
  #acquiring: TurnKind | undefined;

  constructor(outside: Outside) {
    this.#outside = outside;
  }

  /** True: it is in. Otherwise the seeker, if there is one, is called when it is. */
  enter(kind: TurnKind, seeker?: TurnSeeker): boolean {
    const free = this.#isFree(kind);
    if (free && (this.#inside > 0 || this.#acquire(kind))) {
      this.#kind = kind;
      this.#inside += 1;
      return true;
    }
    if (seeker !== undefined) this.#waiting.push({ kind, seeker });
    this.#giveUpUnwanted();
    return false;
  }

  /** Why those who wait must, as far as it is outside. */
  get hindrance(): string | undefined {
    return this.#acquiring === undefined ? undefined : this.#outside.hindrance();
  }

  /** The seeker does not want in any more. */
  cancel(seeker: TurnSeeker): void {
    this.#waiting = this.#waiting.filter((waiting) => waiting.seeker !== seeker);
    this.#giveUpUnwanted();
  }

  leave(): void {
    this.#inside -= 1;
    if (this.#inside > 0) return;
    this.#kind = undefined;
    this.#outside.release();
    this.#admitNext();
  }

  #isFree(kind: TurnKind): boolean {
    if (this.#acquiring !== undefined || this.#waiting.some((waiting) => waiting.kind !== kind)) return false;
    return this.#inside === 0 || (this.#kind === kind && !this.#outside.isWanted());
  }

  #acquire(kind: TurnKind): boolean {
    const acquired = this.#outside.acquire(kind, () => {
      this.#acquiring = undefined;
      this.#begin(kind);
    });
    if (!acquired) this.#acquiring = kind;
    return acquired;
  }

  /** Nobody is waited for outside in whose name nobody here waits. */
  #giveUpUnwanted(): void {
    const kind = this.#acquiring;
    if (kind === undefined || this.#waiting.some((waiting) => waiting.kind === kind)) return;
    this.#acquiring = undefined;
    this.#outside.release();
    this.#admitNext();
  }

  /** Those who have waited longest come in, with all others of their kind. */
  #admitNext(): void {
    const first = this.#waiting[0];
    if (first !== undefined && this.#acquire(first.kind)) this.#begin(first.kind);
  }

  #begin(kind: TurnKind): void {
    const admitted = this.#waiting.filter((waiting) => waiting.kind === kind);
    this.#waiting = this.#waiting.filter((waiting) => waiting.kind !== kind);
    this.#kind = kind;
    // One for ourselves, until all have been told.
    this.#inside = admitted.length + 1;
    for (const { seeker } of admitted) seeker.entered();
    this.leave();
  }
}
