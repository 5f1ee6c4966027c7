import type { CmapValue } from '../../codec/cmap/value.ts';
import { Icmap } from './icmap.ts';
import { StatsMap } from './stats-map.ts';
import { fromStored, toStored } from './stored-value.ts';

type Entries = Iterable<readonly [key: string, value: CmapValue]>;

/** The maps themselves. */
export interface FakeMaps {
  readonly icmap: Icmap;
  readonly stats: StatsMap;
}

/** What the maps of a fake ask of it. */
export interface FakeCmapOwner {
  readonly paused: boolean;
  /** Something was done that would harm a real corosync. */
  violated(what: string): void;
}

/** The configuration map and the statistics of a fake, as corosync itself reads and changes them. */
export class FakeCmap {
  readonly #owner: FakeCmapOwner;
  #maps: FakeMaps;

  /** @internal Made by FakeCorosync only. */
  constructor(owner: FakeCmapOwner) {
    this.#owner = owner;
    this.#maps = this.prepare([], []);
  }

  /** @internal */
  get maps(): FakeMaps {
    return this.#maps;
  }

  /** @internal The maps of a new start. @throws RangeError: corosync could not hold them. */
  prepare(entries: Entries, statistics: Entries): FakeMaps {
    const icmap = new Icmap();
    const stats = new StatsMap((what) => this.#owner.violated(what));
    for (const [key, value] of entries) setIn(icmap, 'entries', key, value);
    for (const [key, value] of statistics) stats.put(key, toStored('stats', key, value));
    return { icmap, stats };
  }

  /** @internal */
  begin(maps: FakeMaps): void {
    this.#maps = maps;
  }

  /**
   * Sets a key as corosync itself does, read-only or not, and tells who tracks it.
   * @throws RangeError corosync could not hold it: the rules for key and value are those of `CmapClient.set`
   */
  set(key: string, value: CmapValue): void {
    setIn(this.#maps.icmap, 'FakeCmap.set', key, value);
  }

  /** The value of a key; `undefined`: there is none. */
  get(key: string): CmapValue | undefined {
    const stored = this.#maps.icmap.get(key, 0);
    return typeof stored === 'string' ? undefined : fromStored(stored);
  }

  /** Deletes a key as corosync itself does. False: there is none. */
  delete(key: string): boolean {
    return this.#maps.icmap.delete(key) === 'CS_OK';
  }

  /** The whole map, sorted. */
  entries(): Map<string, CmapValue> {
    return new Map([...this.#maps.icmap.entries()].map(([key, stored]) => [key, fromStored(stored)]));
  }

  /**
   * Sets a statistic: a new one is told to prefix trackers at once, a changed one to its own trackers at the next poll.
   * @throws RangeError as `set`
   */
  setStat(key: string, value: CmapValue): void {
    this.#maps.stats.put(key, toStored('FakeCmap.setStat', key, value));
  }

  /** The value of a statistic; `undefined`: there is none. */
  getStat(key: string): CmapValue | undefined {
    const stored = this.#maps.stats.peek(key);
    return stored && fromStored(stored);
  }

  /** Deletes a statistic, as corosync does with those of a client that goes. False: there is none. */
  deleteStat(key: string): boolean {
    return this.#maps.stats.remove(key);
  }

  /** Looks for changed statistics now, as corosync does every 1.5 seconds. */
  pollStats(): void {
    if (!this.#owner.paused) this.#maps.stats.poll();
  }
}

function setIn(icmap: Icmap, operation: string, key: string, value: CmapValue): void {
  const { type, bytes } = toStored(operation, key, value);
  const outcome = icmap.set(key, { type, bytes, length: bytes.length });
  if (outcome === 'CS_OK') return;
  throw new RangeError(`${operation} ${JSON.stringify(key)}: ${outcome}: corosync cannot hold this value`);
}
