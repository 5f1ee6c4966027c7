import fs from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import { ConnectionError, systemErrorName, systemErrorToCsError } from '../../errors/index.ts';
import type { ConnectionFiles } from '../connection-files.ts';
import { DESCRIPTORS, findCopies } from './find-copies.ts';
import { WORD } from './layout.ts';
import { OtherCopy } from './other-copy.ts';
import { OwnCopy } from './own-copy.ts';

/** Where a process that cannot see its descriptors keeps which copy of its main thread is the only one. */
const ONLY_COPY = Symbol.for('corosync-client.only-copy');

/** A copy's part in its process: as long as anybody of the copy is a member, the others know of it. */
export interface Membership {
  /** More than once is as once. */
  end(): void;
}

/**
 * This copy of the library among those of its process, in whichever threads they are (layout.ts). It has a file of its own, and
 * keeps a descriptor for the file of each other copy. The files are found among the descriptors of the process.
 *
 * A copy that comes makes its file, looks for others, and writes into each one's `news` before it does anything else. So no copy is
 * overlooked by one that looks at its own `news` after it has written what it is up to: either it finds news, or the other
 * one will read what is written.
 */
export class Copies {
  #own: OwnCopy | undefined;
  #others: OtherCopy[] = [];
  #seenNews = 0n;
  #members = 0;

  /**
   * @param connection the others wait for it if this thread ends before the membership does
   * @throws ConnectionError the other copies cannot be found, or not told; CS_ERR_NOT_SUPPORTED: this is not the only copy, and the
   *   process cannot see its descriptors, or another copy has a layout that this one does not know.
   */
  join(connection?: ConnectionFiles): Membership {
    if (this.#members === 0) this.#enter();
    this.#members += 1;
    let forget: (() => void) | undefined;
    let isEnded = false;
    const end = (): void => {
      if (isEnded) return;
      isEnded = true;
      forget?.();
      this.#members -= 1;
      if (this.#members === 0) this.#leave();
    };
    if (connection === undefined) return { end };
    try {
      forget = this.#own?.addConnection(connection);
    } catch (error) {
      end();
      throw cannotJoin(error);
    }
    return { end };
  }

  /** Breaks ties. */
  get id(): bigint {
    return this.#own?.id ?? 0n;
  }

  /** Those that were there at the last look, if there were any. */
  get knowsOthers(): boolean {
    return this.#others.length > 0;
  }

  /** Tells the others. What is read from them after this is not older than what they read from us. */
  write(offset: number, value: bigint): void {
    this.#own?.write(offset, value);
    fence();
  }

  /** All that are there, as of now. @throws a system error: they could not all be found */
  others(): readonly OtherCopy[] {
    if (this.#members === 0) throw new Error('whoever takes turns must be a member');
    this.#hearNews();
    return this.#others;
  }

  #hearNews(): void {
    const news = this.#own?.read(WORD.news) ?? 0n;
    if (news !== this.#seenNews) {
      this.#lookForOthers();
      this.#seenNews = news;
    }
  }

  #enter(): void {
    if (!seesDescriptors()) return claimOnlyCopy();
    this.#seenNews = 0n;
    try {
      this.#own = new OwnCopy();
      if (!this.#lookForOthers()) throw otherVersion();
      for (const other of this.#others) other.tellNews();
    } catch (error) {
      this.#leave();
      throw error instanceof ConnectionError ? error : cannotJoin(error);
    }
  }

  #leave(): void {
    try {
      this.#hearNews();
    } catch {
      // Whoever is not told keeps a descriptor until he looks around for another reason.
    }
    this.#own?.leave();
    this.#own = undefined;
    for (const other of this.#others) {
      other.tellNews();
      other.close();
    }
    this.#others = [];
  }

  /** Whether it understands all that it has found. Only who comes must mind that. */
  #lookForOthers(): boolean {
    const isStaying = (other: OtherCopy): boolean => other.isKnown && !other.hasLeft && !other.isOver();
    const known = new Set([this.id, ...this.#others.map(({ id }) => id)]);
    const found = findCopies((id) => !known.has(id)).map((fd) => new OtherCopy(fd));
    const all = [...this.#others, ...found];
    this.#others = all.filter(isStaying);
    for (const other of all) if (!this.#others.includes(other)) other.dismiss();
    return found.every(({ isKnown }) => isKnown);
  }
}

/** Of this copy: each copy of this module is one. */
export const copies = new Copies();

/** Processors may do a later read before an earlier write; not across this (the kernel's locks do the same on x86). */
const FENCE = new Int32Array(new SharedArrayBuffer(4));
function fence(): void {
  Atomics.add(FENCE, 0, 1);
}

function seesDescriptors(): boolean {
  try {
    fs.readlinkSync('/proc/thread-self');
    fs.closeSync(fs.openSync(DESCRIPTORS, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY));
    return true;
  } catch (error) {
    // No /proc, or one that Node's permission model shuts. Whatever else it is, the other copies may see it otherwise.
    if (['ENOENT', 'ENOTDIR', 'EACCES', 'ERR_ACCESS_DENIED'].includes(systemErrorName(error) ?? ''))
      return false;
    throw cannotJoin(error);
  }
}

function claimOnlyCopy(): void {
  const globals = globalThis as { [ONLY_COPY]?: unknown };
  if (isMainThread && (globals[ONLY_COPY] ??= copies) === copies) return;
  throw new ConnectionError('CS_ERR_NOT_SUPPORTED', {
    operation: 'connect',
    detail:
      'this process may have this library more than once, in worker threads or as several copies, which must see each other; without ' +
      `${DESCRIPTORS} only the first copy of the main thread can connect; mount /proc, or allow it to be read`,
  });
}

function cannotJoin(cause: unknown): ConnectionError {
  const { code, errno } = systemErrorToCsError(cause);
  const message = cause instanceof Error ? cause.message : String(cause);
  const detail = `the copies of this library in this process cannot see each other: ${message}`;
  return new ConnectionError(code, { operation: 'connect', errno, detail, cause });
}

function otherVersion(): ConnectionError {
  return new ConnectionError('CS_ERR_NOT_SUPPORTED', {
    operation: 'connect',
    detail:
      'this process has another version of this library too, and the two do not understand each other; use one version for all ' +
      'that runs in this process',
  });
}
