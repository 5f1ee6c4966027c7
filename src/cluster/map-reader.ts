import type { CmapValue } from '../codec/cmap/value.ts';

/** The keys of the map by the type that they should have; one that has another is as one that is not there. */
export class MapReader {
  readonly #map: ReadonlyMap<string, CmapValue>;

  constructor(map: ReadonlyMap<string, CmapValue>) {
    this.#map = map;
  }

  /** Not of a key that is empty, which tells nothing. */
  text(key: string): string | undefined {
    const value = this.#map.get(key);
    return value?.type === 'string' && value.value !== '' ? value.value : undefined;
  }

  /** What corosync.conf would say to make it so. */
  words(key: string): string | undefined {
    const value = this.#map.get(key)?.value;
    return value === undefined || value instanceof Uint8Array ? undefined : String(value);
  }

  /** An integer of at most 32 bits. */
  integer(key: string): number | undefined {
    const value = this.#map.get(key)?.value;
    return typeof value === 'number' && Number.isInteger(value) ? value : undefined;
  }

  /** A number of any type but the integers of 64 bits. */
  number(key: string): number | undefined {
    const value = this.#map.get(key)?.value;
    return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
  }

  /** An integer of any size: corosync's counters have 32 bits or 64. */
  counter(key: string): bigint | undefined {
    return this.long(key) ?? bigintOf(this.integer(key));
  }

  /** An integer of 64 bits. */
  long(key: string): bigint | undefined {
    const value = this.#map.get(key)?.value;
    return typeof value === 'bigint' ? value : undefined;
  }

  keys(): Iterable<string> {
    return this.#map.keys();
  }
}

function bigintOf(value: number | undefined): bigint | undefined {
  return value === undefined ? undefined : BigInt(value);
}
