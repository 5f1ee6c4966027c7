import type { CmapValue } from '../../codec/cmap/value.ts';
import { fromStored, toStored } from '../cmap/stored-value.ts';
import type { StatsMap } from '../cmap/stats-map.ts';

type NumberType = 'uint8' | 'uint32' | 'int32' | 'float';

/** The statistics that corosync itself keeps: a key has one type for good. */
export class Statistics {
  readonly #stats: StatsMap;

  constructor(stats: StatsMap) {
    this.#stats = stats;
  }

  /** A bigint is a uint64. */
  put(key: string, value: bigint): void;
  put(key: string, value: number, type: NumberType): void;
  put(key: string, value: number | bigint, type: NumberType = 'uint32'): void {
    this.#set(key, typeof value === 'bigint' ? { type: 'uint64', value } : { type, value });
  }

  /** As `put`, unless somebody has said already what it is. */
  begin(key: string, value: CmapValue): void {
    if (this.#stats.peek(key) === undefined) this.#set(key, value);
  }

  /** Something has happened so often. */
  count(key: string, times = 1): void {
    const stored = this.#stats.peek(key);
    const value = stored && fromStored(stored);
    if (value?.type === 'uint64') this.#set(key, { type: 'uint64', value: value.value + BigInt(times) });
    if (value?.type === 'uint32') this.#set(key, { type: 'uint32', value: value.value + times });
  }

  get(key: string): CmapValue | undefined {
    const stored = this.#stats.peek(key);
    return stored && fromStored(stored);
  }

  #set(key: string, value: CmapValue): void {
    this.#stats.put(key, toStored('FakeCorosync', key, value));
  }
}
