import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { tableExample } from './table-example.ts';

/** The example of docs/cpg.md as a program of its own, which takes lines and prints tables. It uses the package as it is built. */
export class TableProcess implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #exited: Promise<unknown>;
  /** Of its own: one that starts still reads its program when the next one is made. */
  readonly #directory: string;
  #printed = '';

  /** @param inside the command that runs another one on its node */
  constructor(inside: readonly string[] = []) {
    // Inside the repository, so that it imports the package by its name.
    const parent = join(process.cwd(), 'build', 'cpg-table');
    mkdirSync(parent, { recursive: true });
    this.#directory = mkdtempSync(join(parent, 'example-'));
    const file = join(this.#directory, 'example.mjs');
    writeFileSync(file, tableExample());
    const [command, ...args] = [...inside, process.execPath, file];
    this.#process = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#process.stdin?.on('error', () => undefined); // it has been killed
    this.#exited = once(this.#process, 'exit');
    if (this.#process.stdout !== null)
      createInterface(this.#process.stdout).on('line', (line) => (this.#printed = line));
  }

  /** The last table that it has printed. */
  get table(): string {
    return this.#printed;
  }

  set(key: string, value: string): void {
    this.#process.stdin?.write(`${key}=${value}\n`);
  }

  async killed(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#exited;
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.killed();
  }
}
