import { EventReader } from '../../streams/event-reader.ts';

/** A value that is replaced, for any number of readers: each gets the one that holds, and then the newest each time that it asks. */
export class LatestValue<T> {
  readonly #readers = new Set<() => void>();
  readonly #endings = new Set<() => void>();
  #value: T | undefined;
  /** Makes the value when it is asked for. */
  #make: (() => T) | undefined;
  #version = 0;
  #ended = false;

  get value(): T | undefined {
    const make = this.#make;
    if (make !== undefined) this.#value = make();
    this.#make = undefined;
    return this.#value;
  }

  /** Takes the place of the value; its readers are told. */
  set(value: T): void {
    this.#value = value;
    this.#make = undefined;
    this.#version += 1;
    for (const wake of this.#readers) wake();
  }

  /** The same, which its readers need not know: it is made if somebody asks. */
  replace(make: () => T): void {
    this.#make = make;
  }

  /** Readers get what they have not read, and then their loops end. */
  end(): void {
    this.#ended = true;
    for (const end of this.#endings) end();
    this.#readers.clear();
    this.#endings.clear();
  }

  read(): AsyncIterable<T> {
    return { [Symbol.asyncIterator]: () => this.#reader() };
  }

  #reader(): AsyncIterator<T, undefined> {
    let read = 0;
    const shift = (): T | undefined => {
      if (read === this.#version) return undefined;
      read = this.#version;
      return this.value;
    };
    const wake = (): void => reader.wake();
    const end = (): void => reader.end();
    const reader = new EventReader<T>(shift, () => {
      this.#readers.delete(wake);
      this.#endings.delete(end);
    });
    if (this.#ended) reader.end();
    else {
      this.#readers.add(wake);
      this.#endings.add(end);
    }
    return reader;
  }
}
