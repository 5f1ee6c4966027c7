import { closeSync, createReadStream, openSync, readSync } from 'node:fs';
import type { CmapMap } from '../../index.ts';
import { fromBytes, toBytes, type ByteString } from '../drop-in/bytes.ts';
import { directoriesIn } from '../directories.ts';
import type { CmapctlClient, Environment } from './environment.ts';
import { hasSignedChar } from './print-value.ts';
import { nodeToolEnvironment } from '../drop-in/node-environment.ts';

/** The process that the drop-in really runs in. */
export function nodeEnvironment(): Environment {
  let standardInput: Promise<Uint8Array> | undefined;
  return {
    ...nodeToolEnvironment(),
    signedChar: hasSignedChar(process.arch),
    connect,
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
  const { CmapClient } = await import('../library/cmap-client.ts');
  const patience = { timeoutMs: Infinity, tryAgainAttempts: 10, tryAgainDelayMs: 1000 };
  return CmapClient.connect({ map, ...patience, ...directoriesIn(process.env) });
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
