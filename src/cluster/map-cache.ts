import type { CmapValue } from '../codec/cmap/value.ts';
import type { ReadOnlyCmapClient } from '../cmap/index.ts';
import type { CallOptions } from '../options/call-options.ts';
import { QUORUM_KEYS, TOTEM_KEYS } from './drift/comparable.ts';
import { CONFIG_KEYS } from './figures/keys.ts';
import { readKeys } from './figures/read-figures.ts';
import { heard } from './heard.ts';
import { PACE_KEYS } from './pace.ts';

/** What is read of the configuration map: these prefixes and keys. */
const PREFIXES = ['nodelist.node.', 'runtime.members.'] as const;
const KEYS = [
  'totem.cluster_name',
  'totem.transport',
  'quorum.provider',
  'runtime.votequorum.wait_for_all_status',
  ...PACE_KEYS,
  ...CONFIG_KEYS,
];

type Keys = ReadonlyMap<string, CmapValue>;

/**
 * Reads the configuration map. Its prefixes are listed once, and then kept up to date by what corosync tells of their keys. Who does not track
 * them makes a new one each time.
 */
export class MapCache {
  readonly #known = new Map<string, Map<string, CmapValue>>();
  #totem: Keys | undefined;
  #changes = 0;

  /** @param value what it has now; `undefined`: it is gone */
  changed(key: string, value: CmapValue | undefined): void {
    this.#changes += 1;
    const prefix = PREFIXES.find((each) => key.startsWith(each));
    const known = prefix === undefined ? undefined : this.#known.get(prefix);
    if (value === undefined) known?.delete(key);
    else known?.set(key, value);
    if (key.startsWith('totem.')) this.#totem = undefined;
  }

  async read(cmap: ReadOnlyCmapClient, options: CallOptions): Promise<Keys> {
    const keys = await readKeys(cmap, KEYS, options);
    await heard();
    const prefixes = await Promise.all(PREFIXES.map((prefix) => this.#prefix(cmap, prefix, options)));
    return new Map([...keys, ...prefixes.flatMap((entries) => [...entries])]);
  }

  /** What is compared with corosync.conf, beside the nodes. Those of quorum nobody may track as a whole, so they are read each time. */
  async readCompared(cmap: ReadOnlyCmapClient, options: CallOptions): Promise<Keys> {
    const quorum = await readKeys(cmap, QUORUM_KEYS, options);
    await heard();
    const changes = this.#changes;
    const totem = this.#totem ?? (await readKeys(cmap, TOTEM_KEYS, options));
    if (changes === this.#changes) this.#totem = totem;
    return new Map([...totem, ...quorum]);
  }

  async #prefix(cmap: ReadOnlyCmapClient, prefix: string, options: CallOptions): Promise<Keys> {
    const known = this.#known.get(prefix);
    if (known !== undefined) return known;
    const changes = this.#changes;
    const entries = new Map<string, CmapValue>();
    for await (const { key, value } of cmap.entries(prefix, options)) entries.set(key, value);
    if (changes === this.#changes) this.#known.set(prefix, entries);
    return entries;
  }
}
