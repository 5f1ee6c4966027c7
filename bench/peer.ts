import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** What a measuring command answers. */
export interface Elapsed {
  readonly count: number;
  readonly ns: number;
  /** Processor time of the whole process. */
  readonly cpuNs: number;
}

export interface Latencies {
  readonly count: number;
  readonly p50Ns: number;
  readonly p99Ns: number;
  readonly maxNs: number;
}

/** A program under measurement: takes a command per line, answers each with a line of JSON. */
export class Peer implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #name: string;

  /** @param under a command that runs another one, word by word */
  constructor(program: string, words: readonly string[] = [], under: readonly string[] = []) {
    this.#name = [program, ...words].join(' ');
    const [command = program, ...args] = [...under, program, ...words];
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#process = child;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  get pid(): number {
    const { pid } = this.#process;
    if (pid === undefined) throw new Error(`${this.#name} could not be started`);
    return pid;
  }

  async ask<T>(...words: readonly (string | number)[]): Promise<T> {
    this.#process.stdin?.write(`${words.join(' ')}\n`);
    return this.answer<T>(words.join(' '));
  }

  /** The next line; some commands answer twice. */
  async answer<T>(command = ''): Promise<T> {
    const line = await this.#lines.next();
    if (line.done === true) throw new Error(`${this.#name} ended at ${command}`);
    return JSON.parse(line.value) as T;
  }

  /** For a program that does not listen. */
  kill(): void {
    this.#process.kill();
  }

  /** The same, until it has gone. */
  async end(): Promise<void> {
    const exited = once(this.#process, 'exit');
    this.kill();
    await exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    this.#process.stdin?.end();
    await once(this.#process, 'exit');
  }
}

export function microsecondsEach({ ns, count }: Elapsed): number {
  return ns / count / 1000;
}

/** Processor time of the process. */
export function cpuMicrosecondsEach({ cpuNs, count }: Elapsed): number {
  return cpuNs / count / 1000;
}
