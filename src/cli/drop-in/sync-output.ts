import { fstatSync, writeSync } from 'node:fs';
import { escapeControls } from '../../errors/index.ts';
import { fromText, toBytes, type ByteString } from './bytes.ts';

const CHUNK = 65536;

/**
 * Standard output that is written in large pieces and waits for its reader, as the C tool's does: while
 * nobody reads, nothing else goes on, and the default action of a signal still ends the process. On a terminal, and there only, control
 * characters are shown, not sent: whoever sets a key must not steer the terminal of whoever looks at it.
 */
export class SyncOutput {
  readonly #fd: number;
  readonly #onBrokenPipe: () => void;
  readonly #isTerminal: boolean;
  #pending: ByteString = '';
  #failed = false;

  constructor(fd: number, onBrokenPipe: () => void) {
    this.#fd = fd;
    this.#onBrokenPipe = onBrokenPipe;
    this.#isTerminal = isTerminal(fd);
  }

  write(text: ByteString): void {
    this.#pending += text;
    if (this.#pending.length >= CHUNK) this.flush();
  }

  flush(): void {
    const bytes = toBytes(this.#isTerminal ? safeForTerminal(this.#pending) : this.#pending);
    this.#pending = '';
    // Like printf() in the C tool: output that cannot be written (a full disk) does not stop the run.
    if (!this.#failed) this.#writeAll(bytes);
  }

  #writeAll(bytes: Uint8Array): void {
    let done = 0;
    while (done < bytes.length) {
      try {
        done += writeSync(this.#fd, bytes, done);
      } catch (error) {
        if (codeOf(error) === 'EAGAIN') waitMilliseconds(2);
        else {
          this.#giveUp(error);
          return;
        }
      }
    }
  }

  #giveUp(error: unknown): void {
    this.#failed = true;
    if (codeOf(error) === 'EPIPE') this.#onBrokenPipe();
  }
}

/** Or any device: what /dev/null gets is all the same. (node:tty takes longer to load than this whole run.) */
function isTerminal(fd: number): boolean {
  try {
    return fstatSync(fd).isCharacterDevice();
  } catch {
    return false;
  }
}

function safeForTerminal(text: ByteString): ByteString {
  return fromText(escapeControls(toBytes(text).toString(), '\t\n'));
}

/** Another process has made our output non-blocking, and it is full. */
function waitMilliseconds(duration: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, duration);
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
