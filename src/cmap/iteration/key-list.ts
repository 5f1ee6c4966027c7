import type { CmapKeyInfo } from '../../codec/cmap/iterate.ts';

/**
 * The keys that an iterator tells, each once, sorted. That is how corosync tells them, too, unless the map changes meanwhile: then one key or a
 * whole stretch may come again.
 */
export class KeyList {
  readonly #infos: CmapKeyInfo[] = [];
  #last = '';
  /** From the first key on that was out of order. */
  #seen: Set<string> | undefined;

  get size(): number {
    return this.#infos.length;
  }

  add(info: CmapKeyInfo): void {
    const { key } = info;
    if (this.#seen === undefined && key > this.#last) this.#last = key;
    else if (this.#isRepeated(key)) return;
    this.#infos.push(info);
  }

  keys(): CmapKeyInfo[] {
    return this.#seen === undefined
      ? this.#infos
      : this.#infos.sort((one, other) => (one.key < other.key ? -1 : 1));
  }

  #isRepeated(key: string): boolean {
    this.#seen ??= new Set(this.#infos.map((info) => info.key));
    if (this.#seen.has(key)) return true;
    this.#seen.add(key);
    return false;
  }
}
