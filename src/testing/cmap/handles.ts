import { randomInt } from 'node:crypto';

const ANY_CHECK = 0xffffffffn;

interface Slot<T> {
  readonly handle: bigint;
  readonly item: T;
  state: 'active' | 'gone';
  /** Never given back. */
  leaked: boolean;
}

/** libqb's handle database (hdb.c): the low half of a handle is the first free number, the high half a random check. */
export class Handles<T> {
  #slots: (Slot<T> | undefined)[] = [];

  add(item: T): bigint {
    const free = this.#slots.indexOf(undefined);
    const index = free === -1 ? this.#slots.length : free;
    const handle = (BigInt(randomInt(1, 2 ** 31)) << 32n) | BigInt(index);
    this.#slots[index] = { handle, item, state: 'active', leaked: false };
    return handle;
  }

  get(handle: bigint): T | undefined {
    return this.#find(handle)?.item;
  }

  /** Takes an item out. */
  delete(handle: bigint): T | undefined {
    const slot = this.#find(handle);
    if (slot === undefined) return undefined;
    slot.state = 'gone';
    if (!slot.leaked) this.#slots[this.#slots.indexOf(slot)] = undefined;
    return slot.item;
  }

  /** Everything that is open. */
  all(): T[] {
    return this.#slots.flatMap((slot) => (slot?.state === 'active' ? [slot.item] : []));
  }

  /** The numbers of all that is open will not be used again: whoever counts them in corosync takes references and keeps them. */
  leak(): void {
    for (const slot of this.#slots) if (slot?.state === 'active') slot.leaked = true;
  }

  clear(): void {
    this.#slots = [];
  }

  #find(handle: bigint): Slot<T> | undefined {
    const slot = this.#slots[Number(handle & 0xffffffffn)];
    if (slot?.state !== 'active') return undefined;
    return handle >> 32n === ANY_CHECK || slot.handle === handle ? slot : undefined;
  }
}
