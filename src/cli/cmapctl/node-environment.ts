import { closeSync, createReadStream, openSync, readFileSync } from 'node:fs';
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

function readFile(name: ByteString): Uint8Array {
  const fd = openSync(toBytes(name), 'r');
  try {
    return readFileSync(fd);
  } catch {
    // fread() on a directory, say: the C tool takes it for an empty file.
    return Buffer.alloc(0);
  } finally {
    closeSync(fd);
  }
}

async function readStandardInput(): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of process.stdin) chunks.push(chunk as Uint8Array);
  } catch {
    // As with a file: what could be read counts.
  }
  return Buffer.concat(chunks);
}

async function* readPieces(name: ByteString): AsyncIterable<ByteString> {
  const stream = createReadStream('', { fd: openSync(toBytes(name), 'r') });
  try {
    for await (const chunk of stream) yield fromBytes(chunk as Uint8Array);
  } catch {
    // A directory can be opened but not read: the C tool takes it for an empty file.
  }
}
