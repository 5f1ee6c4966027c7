import { constants, type BigIntStats } from 'node:fs';
import fs, { type FileHandle } from 'node:fs/promises';
import { LARGEST_FILE } from '../../conf/files.ts';

/** How a file can be told from what it was before. */
export interface Stamp {
  readonly text: string;
  /** In milliseconds since 1970; nobody can date that back. */
  readonly changedAt: number;
}

/** `undefined`: there is no plain file that could be read. */
export async function stampOf(path: string): Promise<Stamp | undefined> {
  try {
    return stampFrom(await fs.stat(path, { bigint: true }));
  } catch {
    return undefined;
  }
}

/** Its text, if it is still the file of the stamp when it has been read. A pipe or a device is not even opened, unless it was put there just now. */
export async function readSmallFile(path: string, { text }: Stamp): Promise<string | undefined> {
  let file: FileHandle | undefined;
  try {
    file = await fs.open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    if (stampFrom(await file.stat({ bigint: true }))?.text !== text) return undefined;
    const bytes = Buffer.alloc(LARGEST_FILE + 1);
    const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
    const stats = await file.stat({ bigint: true });
    const isWhole = stampFrom(stats)?.text === text && BigInt(bytesRead) === stats.size;
    return isWhole && bytesRead <= LARGEST_FILE ? bytes.toString('utf8', 0, bytesRead) : undefined;
  } catch {
    return undefined;
  } finally {
    await file?.close().catch(() => undefined); // a file server may fail here, too
  }
}

function stampFrom(stats: BigIntStats): Stamp | undefined {
  if (!stats.isFile()) return undefined;
  const { dev, ino, size, mtimeNs, ctimeNs } = stats;
  return { text: [dev, ino, size, mtimeNs, ctimeNs].join(), changedAt: Number(ctimeNs / 1_000_000n) };
}
