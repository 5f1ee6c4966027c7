import { TRACK_BITS } from '../../codec/cmap/track.ts';
import type { CmapValue } from '../../codec/cmap/value.ts';
import type { Icmap } from '../cmap/icmap.ts';
import { fromStored, toStored } from '../cmap/stored-value.ts';

type IntegerType = 'uint8' | 'uint16' | 'uint32' | 'int32';

/** The keys of the configuration map that corosync itself reads and keeps. */
export class Keys {
  readonly #icmap: Icmap;

  constructor(icmap: Icmap) {
    this.#icmap = icmap;
  }

  /** An integer of any type; `undefined`: there is none. */
  integer(key: string): number | undefined {
    const value = this.#get(key)?.value;
    return typeof value === 'number' ? value : undefined;
  }

  text(key: string): string | undefined {
    const value = this.#get(key)?.value;
    return typeof value === 'string' ? value : undefined;
  }

  /** Whether any key begins so. */
  has(prefix: string): boolean {
    return [...this.#icmap.entries()].some(([key]) => key.startsWith(prefix));
  }

  setInteger(type: IntegerType, key: string, value: number): void {
    this.set(key, { type, value });
  }

  setText(key: string, value: string): void {
    this.set(key, { type: 'string', value });
  }

  set(key: string, value: CmapValue): void {
    const { type, bytes } = toStored('FakeCorosync', key, value);
    this.#icmap.set(key, { type, bytes, length: bytes.length });
  }

  /** All keys that begin so, with their values. */
  entries(prefixes: readonly string[]): Map<string, CmapValue> {
    const below = [...this.#icmap.entries()].filter(([key]) =>
      prefixes.some((prefix) => key.startsWith(prefix)),
    );
    return new Map(below.map(([key, stored]) => [key, fromStored(stored)]));
  }

  delete(key: string): void {
    this.#icmap.delete(key);
  }

  /** Calls back at each change of a key that begins so. */
  watch(prefix: string, changed: (key: string) => void): void {
    const { add, modify, delete: remove, prefix: below } = TRACK_BITS;
    this.#icmap.track(prefix, add | modify | remove | below, (_event, key) => changed(key));
  }

  #get(key: string): CmapValue | undefined {
    const stored = this.#icmap.get(key, 0);
    return typeof stored === 'string' ? undefined : fromStored(stored);
  }
}
