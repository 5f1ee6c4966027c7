import { isDeepStrictEqual } from 'node:util';
import { parseMain } from '../../conf/files.ts';
import type { ClusterConfigDrift } from '../figures/figures-state.ts';
import type { MapReader } from '../map-reader.ts';
import type { ConnectOptions } from '../../service/index.ts';
import { driftBetween } from './drift.ts';
import { readSmallFile, stampOf, type Stamp } from './small-file.ts';
import { settingsOfFile, settingsOfMap, type Settings } from './settings.ts';

/** Where corosync has its configuration, unless it was started with another file. */
const CONFIG_FILE = '/etc/corosync/corosync.conf';

/** How a file is looked at by whoever stays: whoever writes it reloads it in a moment, so what differs until then is worth no word. */
export const LIVE_FILE = { lookEachMs: 5000, calmAfterMs: 10_000 } as const;

/** A file on a server that does not answer is as one that cannot be read. */
const PATIENCE_MS = 1000;

/** What was seen of it, and when it was so first, on the clock of performance.now(). */
interface Seen {
  readonly stamp: Stamp | undefined;
  readonly since: number;
}

interface ConfigFileOptions {
  readonly path: string;
  /** Nobody has named it: it may be that of another corosync, and counts only if it describes the same cluster. */
  readonly assumed: boolean;
  /** It has to have been as it is for so long: whoever changes it may reload it at once. */
  readonly calmAfterMs: number;
}

/** Of a corosync that is elsewhere nobody knows where it has its file. */
export function configFileFor(
  path: string | undefined,
  place: Pick<ConnectOptions, 'socketDirectory' | 'sharedMemoryDirectory'>,
  calmAfterMs: number,
): ConfigFile | undefined {
  if (path !== undefined) return new ConfigFile({ path, assumed: false, calmAfterMs });
  const isElsewhere = place.socketDirectory !== undefined || place.sharedMemoryDirectory !== undefined;
  return isElsewhere ? undefined : new ConfigFile({ path: CONFIG_FILE, assumed: true, calmAfterMs });
}

/** The corosync.conf of this node, as far as this user can read it. */
export class ConfigFile {
  readonly #options: ConfigFileOptions;
  #seen: Seen | undefined;
  #isCalm = false;
  #settings: Settings | undefined;
  #comparedWith: Settings | undefined;
  #looking: Promise<boolean> | undefined;

  constructor(options: ConfigFileOptions) {
    this.#options = options;
  }

  /** Looks whether it has changed, and reads it if so. @returns whether it is to be compared again */
  async look(): Promise<boolean> {
    this.#looking ??= this.#look().finally(() => (this.#looking = undefined));
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => (timer = setTimeout(() => resolve(false), PATIENCE_MS)));
    try {
      return await Promise.race([this.#looking, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Whether there is something to compare. */
  get isKnown(): boolean {
    return this.#settings !== undefined;
  }

  /** Where it differs from what corosync runs with. `undefined`: it cannot be read or understood, or may be another's, or has just been written. */
  drift(map: MapReader, localNodeId: number): readonly ClusterConfigDrift[] | undefined {
    const running = settingsOfMap(map);
    // While nothing else has changed, what is in the file now can wait.
    if (!this.#isCalm && !isDeepStrictEqual(running, this.#comparedWith)) return undefined;
    this.#comparedWith = running;
    const file = this.#settings;
    if (file === undefined || (this.#options.assumed && !isOfSameCluster(file, running, localNodeId)))
      return undefined;
    return driftBetween(file, running);
  }

  async #look(): Promise<boolean> {
    const stamp = await stampOf(this.#options.path);
    if (this.#seen === undefined || stamp?.text !== this.#seen.stamp?.text) {
      this.#seen = { stamp, since: performance.now() };
      this.#isCalm = false;
    }
    if (this.#isCalm || !this.#hasRested(this.#seen)) return false;
    const text = stamp && (await readSmallFile(this.#options.path, stamp));
    this.#isCalm = true;
    const conf = text === undefined ? undefined : parseMain(text);
    this.#settings = conf === undefined || conf.fault !== undefined ? undefined : settingsOfFile(conf);
    return true;
  }

  /** A clock may have been set meanwhile: then we have seen it for so long. */
  #hasRested({ stamp, since }: Seen): boolean {
    const { calmAfterMs } = this.#options;
    if (stamp === undefined || performance.now() - since >= calmAfterMs) return true;
    return Date.now() - stamp.changedAt >= calmAfterMs;
  }
}

/** Its name, and this node in its nodelist. */
function isOfSameCluster(file: Settings, running: Settings, localNodeId: number): boolean {
  const isListed = running.nodes?.has(localNodeId) !== true || file.nodes?.has(localNodeId) === true;
  return isListed && file.values.get('totem.cluster_name') === running.values.get('totem.cluster_name');
}
