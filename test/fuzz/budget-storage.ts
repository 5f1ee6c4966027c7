import type { RingStorage } from '../../src/ipc/shared-memory/ring-storage.ts';

/** A ring that may be looked at only so often: an endless loop over garbage ends here, with an error of its own. */
export class BudgetStorage implements RingStorage {
  readonly #storage: RingStorage;
  #left: number;

  constructor(storage: RingStorage, budget: number) {
    this.#storage = storage;
    this.#left = budget;
  }

  get wordSize(): number {
    return this.#storage.wordSize;
  }

  readHeader(offset: number): number {
    this.#spend();
    return this.#storage.readHeader(offset);
  }

  writeHeader(offset: number, value: number): void {
    this.#spend();
    this.#storage.writeHeader(offset, value);
  }

  readData(offset: number, into: Buffer, at: number, length: number): void {
    this.#spend();
    this.#storage.readData(offset, into, at, length);
  }

  writeData(offset: number, from: Buffer, at: number, length: number): void {
    this.#spend();
    this.#storage.writeData(offset, from, at, length);
  }

  close(): void {
    this.#storage.close();
  }

  #spend(): void {
    this.#left -= 1;
    if (this.#left < 0) throw new Error('the ring was looked at more often than its bytes can need');
  }
}
