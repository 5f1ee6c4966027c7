import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** Keeps processors busy, each with a program that never waits. */
export class Spinners {
  readonly #processes: readonly ChildProcess[];

  constructor(program: string, processors: readonly number[]) {
    this.#processes = processors.map((processor) =>
      spawn('taskset', ['-c', String(processor), program], { stdio: 'ignore' }),
    );
  }

  async stop(): Promise<void> {
    for (const child of this.#processes) {
      child.kill();
      await once(child, 'exit');
    }
  }
}
