import fs from 'node:fs';
import { tmpdir } from 'node:os';
import type { ConnectionFiles } from '../connection-files.ts';
import { CopyFile } from './copy-file.ts';
import { CONNECTION, LAYOUT, MAGIC, PAGE_SIZE, WORD } from './layout.ts';
import { thisThread } from './thread.ts';

/** A file without a name, which goes with its last descriptor (Linux, open(2)). */
const O_TMPFILE = 0o20000000;
const { O_DIRECTORY, O_RDWR } = fs.constants;

/** In memory if it can be had. */
const directories = (): string[] => ['/dev/shm', tmpdir(), '/var/tmp', '/run'];

/** What this copy tells the others. */
export class OwnCopy {
  readonly id: bigint;
  readonly #file: CopyFile;
  readonly #connections: boolean[] = [];

  /** Makes the file. @throws a system error: it can be made nowhere */
  constructor() {
    const fd = openUnnamed();
    this.#file = new CopyFile(fd);
    this.id = crypto.getRandomValues(new BigUint64Array(1))[0] ?? 0n;
    try {
      this.#fill();
    } catch (error) {
      this.#file.close();
      throw error;
    }
  }

  read(offset: number): bigint {
    return this.#file.read(offset);
  }

  write(offset: number, value: bigint): void {
    this.#file.write(offset, value);
  }

  /**
   * Tells of a connection: if this thread ends, others wait until corosync has let go of it.
   * @returns takes it back
   */
  addConnection({ path, serverPid, clientPid }: ConnectionFiles): () => void {
    const free = this.#connections.indexOf(false);
    const index = free === -1 ? this.#connections.length : free;
    const at = CONNECTION.at + index * CONNECTION.size;
    const bytes = Buffer.from(path);
    const entry = Buffer.alloc(CONNECTION.size);
    entry.writeBigUInt64LE(BigInt(serverPid), CONNECTION.serverPid);
    entry.writeBigUInt64LE(BigInt(clientPid), CONNECTION.clientPid);
    bytes.copy(entry, CONNECTION.path, 0, CONNECTION.longestPath);
    fs.writeSync(this.#file.fd, entry, 0, entry.length, at);
    this.write(at + CONNECTION.length, BigInt(bytes.length));
    this.#connections[index] = true;
    return () => {
      this.#connections[index] = false;
      this.write(at + CONNECTION.length, 0n);
    };
  }

  leave(): void {
    this.write(WORD.left, 1n);
    this.#file.close();
  }

  #fill(): void {
    const { tid, startedAt, worker } = thisThread();
    // All of the page now: later there may be no memory for it.
    const page = Buffer.alloc(PAGE_SIZE);
    page.writeBigUInt64LE(LAYOUT, WORD.layout);
    page.writeBigUInt64LE(BigInt(process.pid), WORD.pid);
    page.writeBigUInt64LE(this.id, WORD.id);
    page.writeBigUInt64LE(tid, WORD.tid);
    page.writeBigUInt64LE(startedAt, WORD.threadStart);
    page.writeBigUInt64LE(worker, WORD.worker);
    fs.writeSync(this.#file.fd, page, 0, page.length, 0);
    // Nobody reaches it but through this process. A program may go on as another user, and then open it again.
    fs.fchmodSync(this.#file.fd, 0o666);
    this.write(WORD.magic, MAGIC);
  }
}

function openUnnamed(): number {
  let firstError: unknown;
  for (const directory of directories()) {
    try {
      return fs.openSync(directory, O_TMPFILE | O_DIRECTORY | O_RDWR, 0o600);
    } catch (error) {
      firstError ??= error;
    }
  }
  throw firstError;
}
