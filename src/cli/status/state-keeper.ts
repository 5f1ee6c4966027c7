import type { Cluster, ClusterState } from '../../index.ts';
import { stateLine } from './plain-json.ts';
import { StateFile } from './state-file.ts';
import { LEVELS, remarks, worst, type Subject, type VerdictOptions } from './verdict.ts';

/** A file that is older than this has nobody who writes it. */
const WRITTEN_EACH_MS = 10_000;
/** What nobody knows. */
const UNKNOWN = `${LEVELS.indexOf('unknown')}\n`;

export interface KeeperOptions extends VerdictOptions {
  readonly path: string;
  /** What the number in the file is about; or all that is known. */
  readonly subject: Subject | 'json';
  readonly complain: (message: string) => void;
}

/** Keeps a file that says how the cluster is, for programs that look into files. */
export class StateKeeper {
  readonly #options: KeeperOptions;
  readonly #file: StateFile;
  #trouble = '';

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#file = new StateFile(options.path);
  }

  /** Until the cluster is closed. A file that cannot be written is complained of, and tried again. */
  async keep(cluster: Cluster): Promise<void> {
    await this.#write(undefined);
    const timer = setInterval(() => void this.#write(cluster.state), WRITTEN_EACH_MS);
    try {
      for await (const state of cluster.states()) await this.#write(state);
    } finally {
      clearInterval(timer);
    }
  }

  /** Nobody knows any more. */
  end(): Promise<void> {
    return this.#write(undefined);
  }

  async #write(state: ClusterState | undefined): Promise<void> {
    const text = this.#text(state);
    if (text === undefined) return;
    try {
      await this.#file.write(text);
      this.#trouble = '';
    } catch (error) {
      const trouble = `cannot write ${this.#options.path}: ${error instanceof Error ? error.message : String(error)}`;
      if (trouble !== this.#trouble) this.#options.complain(trouble);
      this.#trouble = trouble;
    }
  }

  /** `undefined`: there is none, and what was written last stays. */
  #text(state: ClusterState | undefined): string | undefined {
    const { subject } = this.#options;
    if (subject === 'json') return state && stateLine(state);
    if (state === undefined) return UNKNOWN;
    return `${LEVELS.indexOf(worst(remarks(state, subject, this.#options)))}\n`;
  }
}
