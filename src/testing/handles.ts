import { randomInt } from 'node:crypto';

/** corosync's handle database (hdb.h): the low half of a handle counts from 0, the high half is random. */
export class Handles<T> {
  #slots: ({ readonly handle: bigint; readonly item: T } | undefined)[] = [];

  add(item: T): bigint {
    const free = this.#slots.indexOf(undefined);
    const index = free === -1 ? this.#slots.length : free;
    const handle = (BigInt(randomInt(1, 2 ** 31)) << 32n) | BigInt(index);
    this.#slots[index] = { handle, item };
    return handle;
  }

  get(handle: bigint): T | undefined {
    const slot = this.#slots[Number(handle & 0xffffffffn)];
    return slot?.handle === handle ? slot.item : undefined;
  }

  /** Takes an item out. */
  delete(handle: bigint): T | undefined {
    const item = this.get(handle);
    if (item !== undefined) this.#slots[Number(handle & 0xffffffffn)] = undefined;
    return item;
  }

  all(): T[] {
    return this.#slots.flatMap((slot) => (slot === undefined ? [] : [slot.item]));
  }

  clear(): void {
    this.#slots = [];
  }
}
