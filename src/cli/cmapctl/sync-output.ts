import { writeSync } from 'node:fs';
import { toBytes, type ByteString } from './bytes.ts';

const CHUNK = 65536;

/**
 * Standard output that is written in large pieces and waits for its reader, as the C tool's does: while
 * nobody reads, nothing else goes on, and the default action of a signal still ends the process.
 */
export class SyncOutput {
  readonly #fd: number;
  readonly #onBrokenPipe: () => void;
  #pending: ByteString = '';
  #failed = false;

  constructor(fd: number, onBrokenPipe: () => void) {
    this.#fd = fd;
    this.#onBrokenPipe = onBrokenPipe;
  }

  write(text: ByteString): void {
    this.#pending += text;
    if (this.#pending.length >= CHUNK) this.flush();
  }

  flush(): void {
    const bytes = toBytes(this.#pending);
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

/** Another process has made our output non-blocking, and it is full. */
function waitMilliseconds(duration: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, duration);
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
