import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { PrivateCorosync, type PrivateCorosyncOptions } from '../test/helpers/corosync/private-corosync.ts';
import type { Finding } from './finding.ts';
import { Peer } from './peer.ts';
import { Spinners } from './spinners.ts';

const PROGRAMS = resolve('build/bench');

/** A row cannot be measured here; the message says why. */
export class Skipped extends Error {}

export type Row = (bench: Bench) => Promise<Finding[]>;

export interface BenchOptions {
  readonly quick: boolean;
  /** Measured rounds of each row; every round runs all contenders. */
  readonly rounds: number;
  /** Names of rows. */
  readonly rows: readonly string[];
  readonly jsonFile: string | undefined;
  /** The build of our client to measure. */
  readonly dist: string;
}

/** What rows are made of: a corosync, our client and the C programs. */
export class Bench {
  readonly options: BenchOptions;
  /** What corosync has logged at warning or above. */
  readonly warnings: string[] = [];
  #corosync: PrivateCorosync;
  #nextValue = 1;

  private constructor(options: BenchOptions, corosync: PrivateCorosync) {
    this.options = options;
    this.#corosync = corosync;
  }

  static async start(options: BenchOptions): Promise<Bench> {
    return new Bench(options, await PrivateCorosync.start());
  }

  get corosync(): PrivateCorosync {
    return this.#corosync;
  }

  /** Runs `measure` with another corosync in the place of the usual one. */
  async withCorosync<T>(options: PrivateCorosyncOptions, measure: () => Promise<T>): Promise<T> {
    await this.stop();
    this.#corosync = await PrivateCorosync.start(options);
    try {
      return await measure();
    } finally {
      await this.stop();
      this.#corosync = await PrivateCorosync.start();
    }
  }

  async stop(): Promise<void> {
    this.warnings.push(...this.#corosync.logLines('warning'));
    await this.#corosync.stop();
  }

  /** Seconds that one contender runs in one round. */
  get seconds(): number {
    return this.options.quick ? 0.1 : 0.25;
  }

  ours(): Peer {
    return new Peer(process.execPath, [peerScript('ours'), this.options.dist]);
  }

  /** Our client as separate modules, whose settings can be changed. */
  oursUnbundled(): Peer {
    return new Peer(process.execPath, [peerScript('ours'), join(PROGRAMS, 'modules')]);
  }

  /** Our clients of quorum and votequorum. */
  ourServices(): Peer {
    return new Peer(process.execPath, [peerScript('ours-services'), this.options.dist]);
  }

  /** Our picture of the cluster. */
  oursCluster(): Peer {
    return new Peer(process.execPath, [peerScript('ours-cluster'), this.options.dist]);
  }

  libquorum(): Peer {
    return new Peer(join(PROGRAMS, 'libquorum-peer'));
  }

  libcmap(): Peer {
    return new Peer(join(PROGRAMS, 'libcmap-peer'));
  }

  libqb(): Peer {
    return new Peer(join(PROGRAMS, 'libqb-peer'));
  }

  /** Our client of cpg as a member of a group; `under` runs it elsewhere. */
  oursCpg(group: string, under: readonly string[] = []): Peer {
    return new Peer(process.execPath, [peerScript('ours-cpg'), this.options.dist, group], under);
  }

  libcpg(words: readonly string[], under: readonly string[] = []): Peer {
    return new Peer(join(PROGRAMS, 'libcpg-peer'), words, under);
  }

  cpg(): Peer {
    return new Peer(join(PROGRAMS, 'cpg-peer'));
  }

  /** Runs `measure` while these processors are kept busy. */
  async whileBusy<T>(processors: readonly number[], measure: () => Promise<T>): Promise<T> {
    const spinners = new Spinners(join(PROGRAMS, 'spin'), processors);
    try {
      return await measure();
    } finally {
      await spinners.stop();
    }
  }

  hasCmapctl(): boolean {
    return existsSync(this.#script('cmapctl'));
  }

  /** Our drop-in for one of corosync's tools: the script that Node runs. */
  dropIn(name: 'cmapctl' | 'quorumtool' | 'cfgtool'): string {
    const script = this.#script(name);
    if (!existsSync(script)) throw new Skipped(`there is no ${script}`);
    return script;
  }

  #script(name: string): string {
    return join(this.options.dist, `cli/${name}-main.cjs`);
  }

  /** The first of `count` values that no set has used yet, so that every set changes its key. */
  newValues(count: number): number {
    const first = this.#nextValue;
    this.#nextValue += count;
    return first;
  }

  /** Creates PREFIX000000 and so on. */
  async createKeys(prefix: string, count: number): Promise<void> {
    await using ours = this.ours();
    await ours.ask('sets', prefix, count, this.newValues(count));
  }
}

export function peerScript(name: string): string {
  return resolve(`bench/peers/${name}.mjs`);
}
