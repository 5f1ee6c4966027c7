import fs from 'node:fs';
import { systemErrorName } from '../../errors/index.ts';
import { MAGIC, PAGE_SIZE, WORD } from './layout.ts';
import { CopyFile } from './copy-file.ts';

export const DESCRIPTORS = '/proc/self/fd';

/** A descriptor that opens nothing: no device hears of it, and nothing is waited for (Linux, open(2)). */
const O_PATH = 0o10000000;
const { O_RDONLY, O_RDWR, O_NONBLOCK } = fs.constants;

/**
 * Descriptors of our own for the files of copies in this process, whoever has them open.
 * @param isWanted whether the copy of this number is wanted
 * @throws a system error: not everything could be looked at
 */
export function findCopies(isWanted: (id: bigint) => boolean): number[] {
  const found: number[] = [];
  const seen = new Set<bigint>();
  const take = (id: bigint): boolean => {
    const isNew = !seen.has(id) && isWanted(id);
    seen.add(id);
    return isNew;
  };
  try {
    for (const name of fs.readdirSync(DESCRIPTORS)) {
      const fd = isUnnamed(name) ? openCopy(name, take) : undefined;
      if (fd !== undefined) found.push(fd);
    }
  } catch (error) {
    for (const fd of found) fs.closeSync(fd);
    throw error;
  }
  return found;
}

function isUnnamed(name: string): boolean {
  try {
    return fs.readlinkSync(`${DESCRIPTORS}/${name}`).endsWith(' (deleted)');
  } catch {
    return false; // closed meanwhile
  }
}

/** Whatever it was, it may be closed by now, and the number given to something else: it is held fast before it is looked at. */
function openCopy(name: string, take: (id: bigint) => boolean): number | undefined {
  const held = hold(`${DESCRIPTORS}/${name}`);
  if (held === undefined) return undefined;
  try {
    const stat = fs.fstatSync(held);
    if (!stat.isFile() || stat.nlink !== 0 || stat.size < PAGE_SIZE) return undefined;
    const same = `${DESCRIPTORS}/${held}`;
    const id = lookInto(same);
    return id !== undefined && take(id) ? fs.openSync(same, O_RDWR) : undefined;
  } catch (error) {
    // The program may have files that are forbidden, leased, or of a server that is gone; a copy's own descriptor can always be read.
    if (!isCopy(new CopyFile(Number(name)))) return undefined;
    throw error;
  } finally {
    fs.closeSync(held);
  }
}

function hold(path: string): number | undefined {
  try {
    return fs.openSync(path, O_PATH);
  } catch (error) {
    if (systemErrorName(error) === 'ENOENT') return undefined; // closed meanwhile
    throw error;
  }
}

/** The number of the copy, or nothing: it is none. */
function lookInto(path: string): bigint | undefined {
  const file = new CopyFile(fs.openSync(path, O_RDONLY | O_NONBLOCK));
  try {
    return isCopy(file) ? file.read(WORD.id) : undefined;
  } finally {
    file.close();
  }
}

/** Whether it is a copy that is there. */
function isCopy(file: CopyFile): boolean {
  try {
    const isOurs = file.read(WORD.magic) === MAGIC && file.read(WORD.pid) === BigInt(process.pid);
    return isOurs && file.read(WORD.left) === 0n;
  } catch {
    return false; // not for reading
  }
}
