import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { compileC } from '../corosync/compile-c.ts';

/** What corosync's other client has seen since it was last asked. */
export interface Testimony {
  readonly gets: number;
  readonly failed: number;
  /** The longest wait for an answer. */
  readonly worstUs: number;
}

/** A libcmap client in a process of its own (test/c/cmap-witness.c) that asks corosync something every millisecond. */
export class Witness implements AsyncDisposable {
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: Interface;
  readonly #ended: Promise<never>;

  private constructor() {
    this.#process = spawn(compileC('cmap-witness'), ['1'], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#process.stdin.on('error', () => undefined); // it has ended: #line() rejects
    this.#lines = createInterface(this.#process.stdout);
    this.#ended = once(this.#process, 'close').then(() => {
      throw new Error('the witness has ended');
    });
    this.#ended.catch(() => undefined); // whoever asks it next is told
  }

  static async start(): Promise<Witness> {
    const witness = new Witness();
    await witness.#line();
    return witness;
  }

  async testimony(): Promise<Testimony> {
    const line = this.#line();
    this.#process.stdin.write('\n');
    const [gets = 0, failed = 0, worstUs = 0] = (await line).split(' ').map(Number);
    return { gets, failed, worstUs };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const closed = once(this.#process, 'close');
    this.#process.stdin.end();
    const force = setTimeout(() => this.#process.kill('SIGKILL'), 2000); // in a call that never returns
    await closed;
    clearTimeout(force);
  }

  async #line(): Promise<string> {
    const [line] = (await Promise.race([once(this.#lines, 'line'), this.#ended])) as [string];
    return line;
  }
}
