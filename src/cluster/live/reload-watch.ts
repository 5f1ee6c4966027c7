import type { CmapValue } from '../../codec/cmap/value.ts';
import { CS_ERROR_CODES } from '../../errors/index.ts';
import { RELOAD_STATUS_KEY, RELOADING_KEY, TAKING_OVER_KEY } from '../figures/keys.ts';

/**
 * Finds out from the keys of a reload how it went. corosync reloads in one go. So one that has begun and has not ended by the time that the map is read again
 * never will: its file could not be read, and nothing else tells that.
 */
export class ReloadWatch {
  #begun = false;
  #status: unknown;

  /** @returns whether a reload was good that has ended with this; `undefined`: none has */
  changed(key: string, value: CmapValue | undefined): boolean | undefined {
    if (key === RELOAD_STATUS_KEY) this.#status = value?.value;
    const begins = (key === RELOADING_KEY || key === TAKING_OVER_KEY) && value?.value === 1;
    if (begins) this.#begun = true;
    const ends = key === TAKING_OVER_KEY && value?.value === 0;
    if (!ends) return undefined;
    this.#begun = false;
    return this.#status === undefined || this.#status === CS_ERROR_CODES.CS_OK;
  }

  /** All of the map has been read. @returns whether a reload has begun that has come to nothing */
  read(map: ReadonlyMap<string, CmapValue>): boolean {
    this.#status = map.get(RELOAD_STATUS_KEY)?.value;
    const failed = this.#begun && map.get(RELOADING_KEY)?.value === 1;
    this.#begun = false;
    return failed;
  }
}
