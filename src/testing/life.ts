/** A change of a fake's state: it may take its time. */
type Change = () => void | Promise<void>;

type State =
  | { readonly name: 'settled' }
  /** `last` resolves when every change that has been asked for is made. */
  | { readonly name: 'changing'; readonly last: Promise<void> }
  | { readonly name: 'over'; readonly last: Promise<void> };

/** The changes of a fake's state: each is made when those before it are done, in the order in which they were asked for. */
export class Life {
  #state: State = { name: 'settled' };

  /** Whether the last change has been asked for. */
  get over(): boolean {
    return this.#state.name === 'over';
  }

  /** Makes a change: at once, if no other is under way. Rejects if it fails; those behind it are made all the same. */
  change(change: Change): Promise<void> {
    const made = this.#state.name === 'settled' ? attempt(change) : this.#state.last.then(change);
    const last: Promise<void> = made.catch(() => undefined).then(() => this.#settle(last));
    this.#state = { name: this.over ? 'over' : 'changing', last };
    return made;
  }

  /** Makes the last change. */
  end(change: Change): Promise<void> {
    const made = this.change(change);
    if (this.#state.name === 'changing') this.#state = { name: 'over', last: this.#state.last };
    return made;
  }

  #settle(done: Promise<void>): void {
    if (this.#state.name === 'changing' && this.#state.last === done) this.#state = { name: 'settled' };
  }
}

/** Begins at once, and fails by rejecting only. */
async function attempt(change: Change): Promise<void> {
  await change();
}
