import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { CONNECTION, WORD } from '../../../src/ipc/copies/layout.ts';
import { OtherCopy } from '../../../src/ipc/copies/other-copy.ts';
import { thisThread } from '../../../src/ipc/copies/thread.ts';
import { copyBytes } from '../../helpers/copies/copy-bytes.ts';
import { waitUntil } from '../../helpers/wait-until.ts';

/** Longer than a thread's handshake may be under way after its end. */
const GRACE_MS = 50;

const open: OtherCopy[] = [];
afterEach(() => {
  for (const other of open.splice(0)) other.close();
});

interface Entry {
  readonly length: number;
  readonly path: string;
  readonly serverPid: number;
}

/** A copy of this process, whose thread runs or not, with one connection. */
function otherCopy(words: Partial<Record<keyof typeof WORD, bigint>>, entry?: Entry): OtherCopy {
  const bytes = copyBytes(CONNECTION.at + CONNECTION.size, words);
  if (entry !== undefined) {
    bytes.writeBigUInt64LE(BigInt(entry.length), CONNECTION.at + CONNECTION.length);
    bytes.writeBigUInt64LE(BigInt(entry.serverPid), CONNECTION.at + CONNECTION.serverPid);
    bytes.writeBigUInt64LE(BigInt(process.pid), CONNECTION.at + CONNECTION.clientPid);
    bytes.write(entry.path, CONNECTION.at + CONNECTION.path);
  }
  const path = join(tmpdir(), `other-copy-${process.pid}-${Math.random()}`);
  fs.writeFileSync(path, bytes);
  const other = new OtherCopy(fs.openSync(path, 'r+'));
  fs.unlinkSync(path);
  open.push(other);
  return other;
}

const ENDED = { tid: thisThread().tid, threadStart: 1n };

describe('another copy', () => {
  it('is called after its thread', () => {
    const names = [0n, 3n].map((worker) => otherCopy({ worker }).name);
    expect(names).toEqual(['the main thread', 'worker thread 3']);
  });

  it('is over when its thread has ended and a handshake of it cannot be under way any more', async () => {
    const other = otherCopy(ENDED);
    const since = performance.now(); // the first look begins the time
    expect(other.isOver()).toBe(false);
    await waitUntil('it is over', () => other.isOver(), { everyMs: 1 });
    expect(performance.now() - since).toBeGreaterThan(GRACE_MS - 1);
  });

  it.each([
    [
      'tells of a connection that a living server holds',
      { length: 1, path: '/', serverPid: process.pid },
      false,
    ],
    [
      'tells of one that its server has let go of',
      { length: 6, path: '/never', serverPid: process.pid },
      true,
    ],
    ['had one that it took back', { length: 0, path: '/', serverPid: process.pid }, true],
    // What it says of its server is as little to be believed as its path.
    ['tells of a path that has no room', { length: 489, path: '/', serverPid: 0x7fff_ffff }, false],
  ] as const)('whose thread has ended and which %s', async (_what, entry, isOver) => {
    const other = otherCopy(ENDED, entry);
    other.isOver();
    await sleep(2 * GRACE_MS);
    expect(other.isOver()).toBe(isOver);
  });

  it('takes a path that has just room', async () => {
    const path = `/${'n'.repeat(487)}`;
    const other = otherCopy(ENDED, { length: 488, path, serverPid: process.pid });
    other.isOver();
    await sleep(2 * GRACE_MS);
    expect(other.isOver()).toBe(true);
  });
});
