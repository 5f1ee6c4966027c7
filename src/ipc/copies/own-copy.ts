import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { systemErrorName } from '../../errors/index.ts';
import type { ConnectionFiles } from '../connection-files.ts';
import { CopyFile } from './copy-file.ts';
import { CONNECTION, LAYOUT, MAGIC, WORD } from './layout.ts';
import { thisThread } from './thread.ts';

/** A file without a name, which goes with its last descriptor (Linux, open(2)). */
const O_TMPFILE = 0o20000000;
const { O_DIRECTORY, O_RDWR } = fs.constants;

/** In memory if it can be had. */
const directories = (): string[] => ['/dev/shm', tmpdir(), '/var/tmp', '/run'];

/** Connections for which room is taken beforehand: with the first page, two pages of memory. */
const ROOM_FOR = 8;

/** What this copy tells the others. */
export class OwnCopy {
  readonly id: bigint;
  readonly #file: CopyFile;
  readonly #connections: boolean[] = [];

  /** Makes the file. @throws a system error: it can be made nowhere */
  constructor() {
    this.id = crypto.getRandomValues(new BigUint64Array(1))[0] ?? 0n;
    this.#file = unnamed(this.#content());
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

  /** All but what is written last. Room is taken for the first connections too: later there may be none. */
  #content(): Buffer {
    const { tid, startedAt, worker } = thisThread();
    const bytes = Buffer.alloc(CONNECTION.at + ROOM_FOR * CONNECTION.size);
    bytes.writeBigUInt64LE(LAYOUT, WORD.layout);
    bytes.writeBigUInt64LE(BigInt(process.pid), WORD.pid);
    bytes.writeBigUInt64LE(this.id, WORD.id);
    bytes.writeBigUInt64LE(tid, WORD.tid);
    bytes.writeBigUInt64LE(startedAt, WORD.threadStart);
    bytes.writeBigUInt64LE(worker, WORD.worker);
    return bytes;
  }
}

/** In the first directory that takes it: one may be full, or let nobody make files. */
function unnamed(content: Buffer): CopyFile {
  let firstError: unknown;
  for (const directory of directories()) {
    try {
      return unnamedIn(directory, content);
    } catch (error) {
      firstError ??= error;
    }
  }
  throw firstError;
}

function unnamedIn(directory: string, content: Buffer): CopyFile {
  const file = new CopyFile(fs.openSync(directory, O_TMPFILE | O_DIRECTORY | O_RDWR, 0o666));
  try {
    const written = fs.writeSync(file.fd, content, 0, content.length, 0);
    if (written < content.length) throw noSpace(directory);
    openToAll(file.fd);
    file.write(WORD.magic, MAGIC);
    return file;
  } catch (error) {
    file.close();
    throw error;
  }
}

/** Nobody reaches it but through this process. A program may go on as another user, and then open it again. */
function openToAll(fd: number): void {
  try {
    fs.fchmodSync(fd, 0o666);
  } catch (error) {
    // Node's permission model lets nobody do it. There a program that goes on as another user may be refused.
    if (systemErrorName(error) !== 'ERR_ACCESS_DENIED') throw error;
  }
}

function noSpace(directory: string): Error {
  return Object.assign(new Error(`ENOSPC: no space left in ${directory}`), { code: 'ENOSPC' });
}
