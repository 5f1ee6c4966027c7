import type { CmapValue } from '../../codec/cmap/value.ts';
import { CS_ERROR_CODES, type CsErrorName } from '../../errors/index.ts';
import type { Keys } from './keys.ts';

/** A key that is 1 from the beginning of a reload to its end, or for good where the file cannot be read. */
export const RELOADING = 'config.totemconfig_reload_in_progress';

/** What corosync reads from its file, and what it makes of the file's again at a reload: what is not there any more it deletes in this order. */
const FROM_FILE = ['logging.', 'totem.', 'nodelist.', 'quorum.', 'uidgid.config.', 'nozzle.'];

/** What corosync finds when it reads corosync.conf again: a mistake in its words, or in what they mean. */
export type FakeConfigFile = 'good' | 'unreadable' | 'wrong';

/** The corosync.conf of the fake's node: it always says what the map said at the start. */
export class ConfigFile {
  /** What the next reload finds. */
  found: FakeConfigFile = 'good';
  readonly #keys: Keys;
  /** What the file says. */
  readonly #configured: ReadonlyMap<string, CmapValue>;

  constructor(keys: Keys) {
    this.#keys = keys;
    this.#configured = keys.entries(FROM_FILE);
  }

  /** A file that cannot be read leaves its mark: until the next good reload, votequorum looks at no change. */
  reload(): CsErrorName {
    this.#keys.setInteger('uint8', RELOADING, 1);
    if (this.found === 'unreadable') return 'CS_ERR_INVALID_PARAM';
    this.#keys.setInteger('uint8', 'config.reload_in_progress', 1);
    const outcome = this.found === 'good' ? 'CS_OK' : 'CS_ERR_INVALID_PARAM';
    if (outcome === 'CS_OK') this.#takeOver();
    this.#keys.setInteger('int32', 'config.reload_status', CS_ERROR_CODES[outcome]);
    this.#keys.setInteger('uint8', RELOADING, 0);
    this.#keys.setInteger('uint8', 'config.reload_in_progress', 0);
    return outcome;
  }

  #takeOver(): void {
    for (const prefix of FROM_FILE)
      for (const key of this.#keys.entries([prefix]).keys())
        if (!this.#configured.has(key)) this.#keys.delete(key);
    for (const [key, value] of this.#configured) this.#keys.set(key, value);
  }
}
