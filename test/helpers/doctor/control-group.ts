import { chmodSync, mkdtempSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';

type Controller = 'memory' | 'freezer';

/** A control group of a test's own, of either version of the kernel's interface. */
export class ControlGroup implements Disposable {
  readonly directory: string;
  readonly #parent: string;
  readonly #added: number[] = [];

  private constructor(parent: string) {
    this.#parent = parent;
    this.directory = mkdtempSync(`${parent}/corosync-client-`);
    chmodSync(this.directory, 0o755); // users look at it, too
  }

  /** `undefined`, and a word about it, where this machine does not let us have one. */
  static create(controller: Controller): ControlGroup | undefined {
    const parent = hierarchyOf(controller);
    try {
      if (parent !== undefined) return new ControlGroup(parent);
    } catch {
      // It is read-only, as in most containers.
    }
    console.warn(`not tried: there is no control group to be had for ${controller}`);
    return undefined;
  }

  add(pid: number): void {
    writeFileSync(`${this.directory}/cgroup.procs`, String(pid));
    this.#added.push(pid);
  }

  limitMemory(bytes: number): void {
    this.#writeEither([
      ['memory.max', String(bytes)],
      ['memory.limit_in_bytes', String(bytes)],
    ]);
  }

  freeze(): void {
    this.#writeEither([
      ['cgroup.freeze', '1'],
      ['freezer.state', 'FROZEN'],
    ]);
  }

  [Symbol.dispose](): void {
    this.#writeEither([
      ['cgroup.freeze', '0'],
      ['freezer.state', 'THAWED'],
      ['cgroup.procs', ''],
    ]);
    for (const pid of this.#added) {
      try {
        writeFileSync(`${this.#parent}/cgroup.procs`, String(pid));
      } catch {
        // It is gone.
      }
    }
    rmdirSync(this.directory);
  }

  /** The first of the files that this version has. */
  #writeEither(choices: readonly (readonly [name: string, text: string])[]): void {
    for (const [name, text] of choices) {
      try {
        readFileSync(`${this.directory}/${name}`);
      } catch {
        continue;
      }
      writeFileSync(`${this.directory}/${name}`, text);
      return;
    }
  }
}

function hierarchyOf(controller: Controller): string | undefined {
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  const of = (type: string, option?: string): string | undefined =>
    mounts
      .map((line) => line.split(' '))
      .find(
        ([, , kind, options = '']) =>
          kind === type && (option === undefined || options.split(',').includes(option)),
      )?.[1];
  return of('cgroup', controller) ?? of('cgroup2');
}
