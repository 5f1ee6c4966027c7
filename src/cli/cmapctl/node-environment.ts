import { closeSync, createReadStream, openSync, readSync } from 'node:fs';
import type { CmapMap } from '../../index.ts';
import { fromBytes, toBytes, type ByteString } from './bytes.ts';
import { directoriesIn } from '../directories.ts';
import type { CmapctlClient, Environment } from './environment.ts';
import { hasSignedChar } from './print-value.ts';
import { SyncOutput } from './sync-output.ts';

/** The process that the drop-in really runs in. */
export function nodeEnvironment(): Environment {
  const output = new SyncOutput(1, dieOfBrokenPipe);
  const complaints = new SyncOutput(2, () => undefined);
  let standardInput: Promise<Uint8Array> | undefined;
  return {
    posixlyCorrect: process.env.POSIXLY_CORRECT !== undefined,
    signedChar: hasSignedChar(process.arch),
    connect,
    write: (text) => output.write(text),
    flush: () => output.flush(),
    complain(line) {
      output.flush();
      complaints.write(`${line}\n`);
      complaints.flush();
    },
    readBinary(name) {
      if (name !== '-') return Promise.resolve().then(() => readFile(name));
      // Whoever comes second finds standard input at its end.
      const input = standardInput === undefined ? readStandardInput() : Promise.resolve(Buffer.alloc(0));
      standardInput = input;
      return input;
    },
    readPieces,
    async waitForQuit() {
      const { waitForQuit } = await import('./wait-for-quit.ts');
      return waitForQuit();
    },
  };
}

/** As patient as the C tool: it never times out, and tries again for ten seconds when told to. */
async function connect(map: CmapMap): Promise<CmapctlClient> {
  const { CmapClient } = await import('../../index.ts');
  const patience = { timeoutMs: Infinity, tryAgainAttempts: 10, tryAgainDelayMs: 1000 };
  return CmapClient.connect({ map, ...patience, ...directoriesIn(process.env) });
}

/** Node ignores SIGPIPE; installing and removing a handler leaves the default action, which ends the C tool too. */
function dieOfBrokenPipe(): void {
  const ignore = (): void => undefined;
  process.on('SIGPIPE', ignore);
  process.off('SIGPIPE', ignore);
  process.kill(process.pid, 'SIGPIPE');
}

/** More than any message: corosync refuses so much as it would refuse all of it, and a device may have no end. */
const MOST_INPUT = 1024 * 1024;
const PIECE = 65_536;

function readFile(name: ByteString): Uint8Array {
  const fd = openSync(toBytes(name), 'r');
  const pieces: Uint8Array[] = [];
  try {
    for (let length = 0; length < MOST_INPUT;) {
      const piece = Buffer.allocUnsafe(PIECE);
      const count = readSync(fd, piece);
      if (count === 0) break;
      pieces.push(piece.subarray(0, count));
      length += count;
    }
  } catch {
    // fread() on a directory, say: the C tool takes it for an empty file. What could be read counts.
  } finally {
    closeSync(fd);
  }
  return Buffer.concat(pieces);
}

async function readStandardInput(): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const piece of process.stdin as AsyncIterable<Uint8Array>) {
      pieces.push(piece);
      length += piece.length;
      if (length >= MOST_INPUT) break;
    }
  } catch {
    // As with a file: what could be read counts.
  }
  return Buffer.concat(pieces);
}

async function* readPieces(name: ByteString): AsyncIterable<ByteString> {
  const stream = createReadStream('', { fd: openSync(toBytes(name), 'r') });
  try {
    for await (const chunk of stream) yield fromBytes(chunk as Uint8Array);
  } catch {
    // A directory can be opened but not read: the C tool takes it for an empty file.
  }
}
