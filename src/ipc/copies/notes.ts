import { copies as ofThisModule, type Copies, type Membership } from './copies.ts';
import { notesAt, placeOf } from './layout.ts';
import type { OtherCopy } from './other-copy.ts';

interface Note {
  readonly at: number;
  readonly bits: bigint;
  readonly membership: Membership;
}

/** Notes that the copies of this library in one process make of a server, a bit for each subject: what its layer makes of them is its own. */
export class SharedNotes {
  readonly #copies: Copies;
  readonly #notes = new Set<Note>();

  constructor(copies: Copies = ofThisModule) {
    this.#copies = copies;
  }

  /**
   * Makes a note, unless another copy has one that it must not meet. Of two copies that make such notes at the same time, one at
   * least sees the other's.
   * @returns takes it back; or who has the other note
   * @throws the other copies cannot be looked at, and nothing is noted
   */
  make(server: string, bits: bigint, conflicting: bigint): (() => void) | string {
    const note = { at: notesAt(placeOf(server)), bits, membership: this.#copies.join() };
    this.#notes.add(note);
    try {
      this.#tell(note);
      const other = this.#copies.others().find((each) => this.#conflicts(each, note.at, conflicting));
      if (other === undefined) return () => this.#remove(note);
      this.#remove(note);
      return other.name;
    } catch (error) {
      this.#remove(note);
      throw error;
    }
  }

  #conflicts(other: OtherCopy, at: number, conflicting: bigint): boolean {
    return (other.read(at) & conflicting) !== 0n && !other.isOver();
  }

  #remove(note: Note): void {
    if (!this.#notes.delete(note)) return;
    this.#tell(note);
    note.membership.end();
  }

  #tell({ at }: Note): void {
    let all = 0n;
    for (const note of this.#notes) if (note.at === at) all |= note.bits;
    this.#copies.write(at, all);
  }
}
