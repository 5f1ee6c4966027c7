import { isDeepStrictEqual } from 'node:util';
import { CONFIG_FILE, parseMain } from '../../conf/files.ts';
import { valuesOf } from '../../conf/syntax.ts';
import type { ClusterConfigDrift, ClusterConfigMistake } from '../figures/figures-state.ts';
import type { MapReader } from '../map-reader.ts';
import type { ConnectOptions } from '../../service/index.ts';
import { driftBetween } from './drift.ts';
import { readSmallFile, stampOf, type Stamp } from './small-file.ts';
import { settingsOfFile, settingsOfMap, type Settings } from './settings.ts';

/** How a file is looked at: whoever writes it reloads it in a moment, on all nodes one after the other, so what differs until then is worth no word. */
export const FILE_LOOKS = { eachMs: 5000, calmAfterMs: 10_000 } as const;

/** A file on a server that does not answer is as one that cannot be read. */
const PATIENCE_MS = 1000;

/** What was seen of it, and when it was so first, on the clock of performance.now(). */
interface Seen {
  readonly stamp: Stamp | undefined;
  readonly since: number;
}

/** What stands in it. */
interface Content {
  /** Before the mistake, if it has one. */
  readonly settings: Settings;
  /** Of the cluster; it may stand behind the mistake. */
  readonly name: string | undefined;
  readonly mistake: ClusterConfigMistake | undefined;
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
): ConfigFile | undefined {
  const { calmAfterMs } = FILE_LOOKS;
  if (path !== undefined) return new ConfigFile({ path, assumed: false, calmAfterMs });
  const isElsewhere = place.socketDirectory !== undefined || place.sharedMemoryDirectory !== undefined;
  return isElsewhere ? undefined : new ConfigFile({ path: CONFIG_FILE, assumed: true, calmAfterMs });
}

/** The corosync.conf of this node, as far as this user can read it. */
export class ConfigFile {
  readonly #options: ConfigFileOptions;
  #seen: Seen | undefined;
  #isCalm = false;
  #content: Content | undefined;
  #comparedWith: Settings | undefined;
  #looking: Promise<void> | undefined;
  /** The look that is under way hangs: nobody waits for it any more. */
  #isLate = false;
  /** What was read last has not been compared yet. */
  #isNew = false;
  #asOf = new Date(0);

  constructor(options: ConfigFileOptions) {
    this.#options = options;
  }

  /** Looks whether it has changed, and reads it if so. @returns whether it is to be compared again */
  async look(): Promise<boolean> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
      this.#isLate = false;
    });
    if (!this.#isLate) await this.#waitFor(this.#looking);
    return this.#isNew;
  }

  /** When what there is to compare was in the file for certain. */
  get asOf(): Date {
    return this.#asOf;
  }

  /** Whether there is something to compare. */
  get isKnown(): boolean {
    return this.#content !== undefined;
  }

  /** What was read last needs no further look. */
  noted(): void {
    this.#isNew = false;
  }

  /** Where it differs from what corosync runs with. `undefined`: it cannot be read or understood, or may be another's, or has just been written. */
  drift(map: MapReader, localNodeId: number): readonly ClusterConfigDrift[] | undefined {
    this.noted();
    const running = settingsOfMap(map);
    // While nothing else has changed, what is in the file now can wait.
    if (!this.#isCalm && !isDeepStrictEqual(running, this.#comparedWith)) return undefined;
    this.#comparedWith = running;
    const content = this.#contentFor(running, localNodeId);
    return content?.mistake === undefined ? content && driftBetween(content.settings, running) : undefined;
  }

  /** Why corosync would take nothing of it, as far as it is of this cluster. Of one that has just been written nothing is known. */
  mistake(map: MapReader, localNodeId: number): ClusterConfigMistake | undefined {
    if (!this.#isCalm || this.#content?.mistake === undefined) return undefined;
    return this.#contentFor(settingsOfMap(map), localNodeId)?.mistake;
  }

  #contentFor(running: Settings, localNodeId: number): Content | undefined {
    const content = this.#content;
    if (content === undefined || !this.#options.assumed) return content;
    return isOfSameCluster(content, running, localNodeId) ? content : undefined;
  }

  async #waitFor(look: Promise<void>): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, PATIENCE_MS))).then(() => {
      this.#isLate = this.#looking === look;
    });
    try {
      await Promise.race([look, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #look(): Promise<void> {
    const asked = new Date();
    const stamp = await stampOf(this.#options.path);
    if (this.#seen === undefined || stamp?.text !== this.#seen.stamp?.text) {
      this.#seen = { stamp, since: performance.now() };
      this.#isCalm = false;
    }
    if (this.#isCalm) this.#asOf = asked;
    if (this.#isCalm || !this.#hasRested(this.#seen)) return;
    const text = stamp && (await readSmallFile(this.#options.path, stamp));
    // What could not be read may be read the next time.
    this.#isCalm = stamp === undefined || text !== undefined;
    if (this.#isCalm) this.#asOf = asked;
    const before = this.#content;
    this.#content = text === undefined ? undefined : contentOf(text);
    this.#isNew ||= before !== undefined || this.#content !== undefined;
  }

  /** A clock may have been set meanwhile: then we have seen it for so long. */
  #hasRested({ stamp, since }: Seen): boolean {
    const { calmAfterMs } = this.#options;
    if (stamp === undefined || performance.now() - since >= calmAfterMs) return true;
    return Date.now() - stamp.changedAt >= calmAfterMs;
  }
}

function contentOf(text: string): Content {
  const conf = parseMain(text);
  const { fault } = conf;
  const settings = settingsOfFile(conf);
  const name = fault === undefined ? settings.values.get(NAME_KEY) : nameIn(text);
  return { settings, name, mistake: fault && Object.freeze(fault) };
}

const NAME_KEY = 'totem.cluster_name';
/** As far as it is told by one name only: of several, nobody knows which one would count. */
function nameIn(text: string): string | undefined {
  const names = new Set(valuesOf(text, 'cluster_name'));
  names.delete('');
  return names.size === 1 ? [...names][0] : undefined;
}

/** It has the name of the cluster; one without a name has this node in its nodelist. */
function isOfSameCluster({ name, settings }: Content, running: Settings, localNodeId: number): boolean {
  const runningName = running.values.get(NAME_KEY);
  if (name !== undefined || runningName !== undefined) return name === runningName;
  return [settings, running].every(({ nodes }) => nodes?.has(localNodeId) === true);
}
