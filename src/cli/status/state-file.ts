import { lstat, open, rename, rm, utimes } from 'node:fs/promises';

/** A file that always is there as a whole: a reader finds what was written last, or what was written before. */
export class StateFile {
  readonly #path: string;
  readonly #temporary: string;
  #written: string | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
    // In the same directory: only there is a rename one step.
    this.#temporary = `${path}.${process.pid}.new`;
  }

  /** Writes are made one after the other. What it holds already is not written again: only its time is set. */
  write(text: string): Promise<void> {
    const written = this.#last.then(() => this.#write(text));
    this.#last = written.catch(() => undefined);
    return written;
  }

  async #write(text: string): Promise<void> {
    if (text === this.#written && (await touch(this.#path))) return;
    await refuseOther(this.#path);
    try {
      // Others may write where it lies: what they have put there is not followed.
      await rm(this.#temporary, { force: true });
      const file = await open(this.#temporary, 'wx', 0o644);
      try {
        await file.writeFile(text);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(this.#temporary, this.#path);
    } catch (error) {
      await rm(this.#temporary, { force: true });
      throw error;
    }
    this.#written = text;
  }
}

/** Whether it could be: somebody may have removed it. */
async function touch(path: string): Promise<boolean> {
  const now = new Date();
  return utimes(path, now, now).then(
    () => true,
    () => false,
  );
}

/** A rename puts a file in the place of anything: of /dev/null, too, for all programs of the machine. */
async function refuseOther(path: string): Promise<void> {
  const there = await lstat(path).catch(() => undefined);
  if (there === undefined || there.isFile() || there.isSymbolicLink()) return;
  throw new Error('there is something else than a file');
}
