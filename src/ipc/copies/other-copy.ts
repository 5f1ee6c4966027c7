import fs from 'node:fs';
import type { ConnectionFiles } from '../connection-files.ts';
import { hasLetGo } from '../let-go.ts';
import { CopyFile } from './copy-file.ts';
import { CONNECTION, LAYOUT, WORD } from './layout.ts';
import { isRunning, type Thread } from './thread.ts';

/** So long after the end of its thread, a handshake may still be under way at corosync. */
const GRACE_MS = 50;
/** A look at a thread costs as much as a request. */
const LOOK_EACH_MS = 10;
/** Of one copy. More is nonsense. */
const MOST_CONNECTIONS = 100_000;

/** Another copy of this library in this process, as its file tells. The file is only read, but for the word that is there for us. */
export class OtherCopy {
  readonly id: bigint;
  /** Whether it can be understood. */
  readonly isKnown: boolean;
  readonly #file: CopyFile;
  readonly #thread: Thread;
  #lookedAt = -Infinity;
  #endedAt: number | undefined;
  #isOver = false;

  /** @param fd open for reading and writing; a copy has been recognized in it */
  constructor(fd: number) {
    const file = new CopyFile(fd);
    this.#file = file;
    this.id = file.read(WORD.id);
    this.isKnown = file.read(WORD.layout) === LAYOUT;
    this.#thread = {
      tid: file.read(WORD.tid),
      startedAt: file.read(WORD.threadStart),
      worker: file.read(WORD.worker),
    };
  }

  /** Who it is, for an error. */
  get name(): string {
    const { worker } = this.#thread;
    return worker === 0n ? 'the main thread' : `worker thread ${worker}`;
  }

  read(offset: number): bigint {
    return this.#file.read(offset);
  }

  /** Makes it look for other copies before it does anything else. */
  tellNews(): void {
    this.#file.write(WORD.news, crypto.getRandomValues(new BigUint64Array(1))[0] ?? 0n);
  }

  /** Whether it has left by itself, and so holds nothing. */
  get hasLeft(): boolean {
    return this.read(WORD.left) !== 0n;
  }

  /** Whether its thread has ended and nothing that it has begun can still be under way at corosync. */
  isOver(): boolean {
    const now = performance.now();
    if (this.#isOver || now - this.#lookedAt < LOOK_EACH_MS) return this.#isOver;
    this.#lookedAt = now;
    if (this.#endedAt === undefined) {
      if (isRunning(this.#thread)) return false;
      this.#endedAt = now;
    }
    const endedMs = now - this.#endedAt;
    this.#isOver = endedMs >= GRACE_MS && this.#connections().every((files) => hasLetGo(files, endedMs));
    return this.#isOver;
  }

  close(): void {
    this.#file.close();
  }

  /** As `close`. If its thread has ended without a word and its descriptor is still open, nobody need look into it again. */
  dismiss(): void {
    if (this.#isOver) this.#file.write(WORD.left, 1n);
    this.close();
  }

  #connections(): ConnectionFiles[] {
    const all: ConnectionFiles[] = [];
    const entry = Buffer.alloc(CONNECTION.size);
    for (let index = 0; index < MOST_CONNECTIONS; index++) {
      const at = CONNECTION.at + index * CONNECTION.size;
      if (fs.readSync(this.#file.fd, entry, 0, entry.length, at) < entry.length) break;
      const files = connectionOf(entry);
      if (files !== undefined) all.push(files);
    }
    return all;
  }
}

function connectionOf(entry: Buffer): ConnectionFiles | undefined {
  const length = Number(entry.readBigUInt64LE(CONNECTION.length));
  if (length === 0) return undefined;
  // A path without room is as one of a server whose pid tells nothing: it is waited for.
  if (length > CONNECTION.longestPath) return { path: '/', serverPid: 0, clientPid: 0 };
  return {
    path: entry.toString('utf8', CONNECTION.path, CONNECTION.path + length),
    serverPid: Number(entry.readBigUInt64LE(CONNECTION.serverPid)),
    clientPid: Number(entry.readBigUInt64LE(CONNECTION.clientPid)),
  };
}
