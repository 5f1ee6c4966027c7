import fs from 'node:fs';
import { join } from 'node:path';

const { O_RDONLY, O_NONBLOCK } = fs.constants;
/** A descriptor that opens nothing: no device hears of it (Linux, open(2)). */
const O_PATH = 0o10000000;
const DESCRIPTORS = '/proc/self/fd';

/** More than any file here has in earnest. */
const MAX_BYTES = 64 * 1024 * 1024;
const CHUNK = 65_536;

/**
 * The machine's files, for looking only. What is missing, or not for us to see, is `undefined`: that is a finding, not an error.
 * What a container has put below `/proc/PID/root` is not to be trusted: only plain files are read.
 */
export class SystemFiles {
  readonly #root: string;

  /** @param root what stands for `/`, in tests. */
  constructor(root = '/') {
    this.#root = root;
  }

  text(path: string): string | undefined {
    return attempt(() => textOf(this.#at(path)));
  }

  /** Where a symbolic link points to. */
  link(path: string): string | undefined {
    return attempt(() => fs.readlinkSync(this.#at(path)));
  }

  /** The names in a directory. */
  names(path: string): string[] | undefined {
    return attempt(() => fs.readdirSync(this.#at(path)));
  }

  stat(path: string): fs.Stats | undefined {
    return attempt(() => fs.statSync(this.#at(path)));
  }

  /** Without symbolic links. */
  real(path: string): string | undefined {
    // What stands for `/` is no part of the answer.
    return attempt(() => fs.realpathSync(this.#at(path)).slice(this.#root === '/' ? 0 : this.#root.length));
  }

  /** Why there is nothing to be seen: `ENOENT`, `EACCES`, ...; `undefined` if there is. */
  trouble(path: string): string | undefined {
    try {
      fs.statSync(this.#at(path));
      return undefined;
    } catch (error) {
      return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    }
  }

  /** The directory on the way to `path` that does not let this user in, if there is one. */
  closedDirectory(path: string): string | undefined {
    if (this.trouble(path) !== 'EACCES') return undefined;
    const names = path.split('/').filter((name) => name !== '');
    const ways = names.map((_, index) => `/${names.slice(0, index).join('/')}`);
    return ways.find((way, index) => this.trouble(join(way, names[index] ?? '')) === 'EACCES');
  }

  /** Of the file system that holds `path`. */
  statfs(path: string): fs.StatsFs | undefined {
    return attempt(() => fs.statfsSync(this.#at(path)));
  }

  writable(path: string): boolean {
    return this.#allows(path, fs.constants.W_OK);
  }

  /** Whether what is in a directory can be reached. */
  enterable(directory: string): boolean {
    return this.#allows(directory, fs.constants.X_OK);
  }

  /** Whether both paths lead to the same file; `undefined` if one of them cannot be seen. */
  same(one: string, other: string): boolean | undefined {
    const [a, b] = [this.stat(one), this.stat(other)];
    if (a === undefined || b === undefined) return undefined;
    return a.dev === b.dev && a.ino === b.ino;
  }

  #allows(path: string, mode: number): boolean {
    const allowed = attempt(() => {
      fs.accessSync(this.#at(path), mode);
      return true;
    });
    return allowed ?? false;
  }

  #at(path: string): string {
    return join(this.#root, path);
  }
}

function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

/**
 * To open can be to act: a watchdog's device would end the machine when it is closed again. So it is held fast, looked at, and only
 * then opened; nobody can put another file in its place meanwhile.
 */
function textOf(path: string): string | undefined {
  const held = fs.openSync(path, O_PATH);
  try {
    if (!fs.fstatSync(held).isFile()) return undefined;
    // Without /proc there are no processes to be seen, and so no paths of theirs.
    const fd = fs.openSync(
      fs.existsSync(DESCRIPTORS) ? `${DESCRIPTORS}/${held}` : path,
      O_RDONLY | O_NONBLOCK,
    );
    try {
      return readAll(fd);
    } finally {
      fs.closeSync(fd);
    }
  } finally {
    fs.closeSync(held);
  }
}

/** Files in /proc have no size that could be asked for. */
function readAll(fd: number): string {
  const parts: Buffer[] = [];
  for (let total = 0; total < MAX_BYTES;) {
    const part = Buffer.alloc(CHUNK);
    const length = fs.readSync(fd, part);
    if (length === 0) break;
    parts.push(part.subarray(0, length));
    total += length;
  }
  return Buffer.concat(parts).toString('utf8');
}
