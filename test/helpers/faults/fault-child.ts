import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import type { CmapConnectOptions } from '../../../src/index.ts';
import type { LedgerReport } from './fault-ledger.ts';
import type { Step } from './fault-steps.ts';
import type { Activity } from './fault-traffic.ts';
import { spawnProgram, type ChildProcess } from '../integration/integration-child.ts';
import type { CallersReport } from './fault-services.ts';

/** What a process of its own, which is going to be struck, is busy with. */
export interface FaultTask {
  readonly activities: readonly Activity[];
  readonly seed: number;
  readonly options?: CmapConnectOptions;
  /** Signal itself before the nth such write. */
  readonly at?: { readonly step: Step; readonly nth: number; readonly signal: 'SIGKILL' | 'SIGSTOP' };
}

export interface ChildReport extends LedgerReport {
  readonly activity: Activity;
}

/** A process with our client in the middle of something, which says `ready`, and its reports at the end. */
export class FaultChild<Report = ChildReport> implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #lines: Interface;
  readonly #said: string[] = [];
  readonly #exited: Promise<unknown>;

  private constructor(process: ChildProcess) {
    this.#process = process;
    this.#process.stdin.on('error', () => undefined); // it has been killed
    this.#lines = createInterface(this.#process.stdout).on('line', (line) => this.#said.push(line));
    this.#exited = once(this.#process, 'close');
  }

  /** One that changes and reads the map. Resolves when it is busy. */
  static async start(task: FaultTask): Promise<FaultChild> {
    const child = new FaultChild<ChildReport>(spawnProgram('fault-child-main', task));
    await child.#says('ready');
    return child;
  }

  /** One that makes each of these calls (`ServiceCall`) on a connection of its own. Resolves when it is busy. */
  static async startCallers(calls: readonly string[]): Promise<FaultChild<CallersReport>> {
    const child = new FaultChild<CallersReport>(spawnProgram('fault-callers-main', calls));
    await child.#says('ready');
    return child;
  }

  get pid(): number {
    const { pid } = this.#process;
    if (pid === undefined) throw new Error('the child could not be started');
    return pid;
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  async exited(): Promise<void> {
    await this.#exited;
  }

  /** Resolves when it has come to the step at which it signals itself. */
  async struck(): Promise<void> {
    await this.#says('struck');
  }

  /** Lets it come to an end by itself, and returns what it has counted. */
  async finish(): Promise<readonly Report[]> {
    this.#process.stdin.end();
    await this.exited();
    const last = this.#said.at(-1) ?? '';
    if (!last.startsWith('['))
      throw new Error(`the child ended without a report; it said: ${this.#said.join(' | ')}`);
    return JSON.parse(last) as Report[];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill('SIGKILL');
    await this.exited();
  }

  async #says(word: string): Promise<void> {
    const ended = this.#exited.then(() => true);
    while (!this.#said.includes(word)) {
      const over = await Promise.race([once(this.#lines, 'line').then(() => false), ended]);
      if (over && !this.#said.includes(word)) throw new Error(`the child ended before it was ${word}`);
    }
  }
}
