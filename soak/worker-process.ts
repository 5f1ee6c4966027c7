import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { waitUntil } from '../test/helpers/wait-until.ts';
import type { Footprint, FromWorker, NamedPicture, ToWorker, WorkerTask } from './protocol.ts';
import type { Totals } from './totals.ts';

const repository = fileURLToPath(new URL('../', import.meta.url));
/** Longer than any call of a worker takes. */
const PATIENCE_MS = 60_000;

/** One worker as the director has it. */
export class WorkerProcess {
  readonly task: WorkerTask;
  readonly #process: ChildProcess;
  readonly #totals: Totals;
  #footprint: Footprint | undefined;
  #pictures: readonly NamedPicture[] | undefined;
  #stopped = false;

  constructor(task: WorkerTask, totals: Totals) {
    this.task = task;
    this.#totals = totals;
    this.#process = fork('soak/worker.ts', [JSON.stringify(task)], {
      cwd: repository,
      execArgv: ['--expose-gc', '--import', 'tsx'],
    });
    this.#process.on('message', (message) => this.#hear(message as FromWorker));
    this.#process.on('error', () => undefined); // the exit tells
  }

  get pid(): number {
    return this.#process.pid ?? -1;
  }

  get alive(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** SIGKILL, in the middle of whatever it does. */
  async die(): Promise<void> {
    if (!this.alive) return;
    const exited = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await exited;
  }

  /** Resolves when it has finished what was under way. */
  async quiet(): Promise<Footprint> {
    this.#footprint = undefined;
    this.#send({ kind: 'quiet' });
    return this.#answer('to be quiet', () => this.#footprint);
  }

  go(): void {
    this.#send({ kind: 'go' });
  }

  async pictures(): Promise<readonly NamedPicture[]> {
    this.#pictures = undefined;
    this.#send({ kind: 'pictures' });
    return this.#answer('for its pictures', () => this.#pictures);
  }

  async stop(): Promise<void> {
    this.#send({ kind: 'stop' });
    await this.#answer('to stop', () => (this.#stopped ? true : undefined));
    if (this.alive) await once(this.#process, 'exit');
  }

  #send(message: ToWorker): void {
    if (this.#process.connected) this.#process.send(message);
  }

  async #answer<T>(what: string, look: () => T | undefined): Promise<T> {
    let answer: T | undefined;
    await waitUntil(
      `${this.task.name} was asked ${what}`,
      () => {
        if (!this.alive && look() === undefined) throw new Error(`${this.task.name} has ended by itself`);
        return (answer = look()) !== undefined;
      },
      { timeoutMs: PATIENCE_MS, everyMs: 5 },
    );
    return answer as T;
  }

  #hear(message: FromWorker): void {
    switch (message.kind) {
      case 'counts':
        return this.#totals.add(message.counts);
      case 'mismatch':
        return this.#totals.note(message.what);
      case 'quiet':
        this.#footprint = message.footprint;
        return;
      case 'pictures':
        this.#pictures = message.pictures;
        return;
      case 'stopped':
        this.#stopped = true;
    }
  }
}
