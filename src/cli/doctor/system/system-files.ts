import fs from 'node:fs';
import { join } from 'node:path';

const { O_RDONLY, O_NONBLOCK } = fs.constants;

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
    return attempt(() => {
      // A fifo would keep us waiting for its writer.
      const fd = fs.openSync(this.#at(path), O_RDONLY | O_NONBLOCK);
      try {
        return fs.fstatSync(fd).isFile() ? readAll(fd) : undefined;
      } finally {
        fs.closeSync(fd);
      }
    });
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

  /** Of the file system that holds `path`. */
  statfs(path: string): fs.StatsFs | undefined {
    return attempt(() => fs.statfsSync(this.#at(path)));
  }

  writable(path: string): boolean {
    const allowed = attempt(() => {
      fs.accessSync(this.#at(path), fs.constants.W_OK);
      return true;
    });
    return allowed ?? false;
  }

  /** Whether both paths lead to the same file; `undefined` if one of them cannot be seen. */
  same(one: string, other: string): boolean | undefined {
    const [a, b] = [this.stat(one), this.stat(other)];
    if (a === undefined || b === undefined) return undefined;
    return a.dev === b.dev && a.ino === b.ino;
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
